/* log(1 + exp(x)) without overflow for large x, exact for small ones; NaN takes the second branch.
 */
static float softplus(float x) {
  return (x > 0.0f) ? x + log1pf(expf(-x)) : log1pf(expf(x));
}
