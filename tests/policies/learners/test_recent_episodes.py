"""What the training curve says of the episodes that ended lately."""

import numpy as np

from policies.learners.recent_episodes import RecentEpisodes


def test_rewards_are_summed_until_an_episode_ends_and_begin_anew():
    recent, never = RecentEpisodes(2), np.zeros(2, bool)
    recent.note(np.array([1.0, 10.0]), never, never)
    assert recent.figures() == {}
    recent.note(np.array([2.0, 20.0]), np.array([True, False]), np.array([True, True]))
    assert recent.figures() == {"episode_reward": 3.0, "success_rate_in_training": 1.0}
    recent.note(np.array([5.0, 30.0]), np.array([True, True]), np.array([False, True]))
    assert recent.figures() == {"episode_reward": (3.0 + 5.0 + 60.0) / 3.0, "success_rate_in_training": 2.0 / 3.0}


def test_only_the_latest_count():
    recent, ended = RecentEpisodes(1), np.ones(1, bool)
    for reward in (0.0,) * 200 + (4.0,) * 100:
        recent.note(np.array([reward]), ended, ended)
    assert recent.figures()["episode_reward"] == 2.0
