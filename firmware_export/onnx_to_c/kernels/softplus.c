/* log(1 + exp(x)) without overflow for large x; NaN takes the second branch. */
static float softplus(float x) {
  return (x > 0.0f) ? x + logf(1.0f + expf(-x)) : logf(1.0f + expf(x));
}
