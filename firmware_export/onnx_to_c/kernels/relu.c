/* NaN fails the comparison and comes through. */
static float relu(float x) {
  return (x < 0.0f) ? 0.0f : x;
}
