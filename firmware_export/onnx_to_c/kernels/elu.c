/* Zero keeps its sign; NaN fails the comparison and comes through. */
static float elu(float x, float alpha) {
  return (x < 0.0f) ? alpha * (expf(x) - 1.0f) : x;
}
