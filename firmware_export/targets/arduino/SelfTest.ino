/* Replays the golden steps on this board, then measures how long a step takes. */
#include <Sim2metalPolicy.h>

Sim2metalPolicy policy;
float observation[Sim2metalPolicy::OBSERVATION_SIZE];
float action[Sim2metalPolicy::ACTION_SIZE];

void setup() {
  Serial.begin(115200);
  while (!Serial && millis() < 5000) {
  }
  float error = 0.0f;
  const bool right = policy.selfTest(error);
  Serial.print(right ? "self-test passed, largest error " : "SELF-TEST FAILED, largest error ");
  Serial.print(error * 1e6f);
  Serial.println(" millionths of the range");
}

void loop() {
  const unsigned long start = micros();
  policy.step(observation, action);
  const unsigned long taken = micros() - start;
  Serial.print("one step: ");
  Serial.print(taken);
  Serial.println(" us");
  delay(1000);
}
