/* tanh as x P(x^2) / Q(x^2): largest error 4e-7 (2e-7 of the range [-1, 1]) over all floats, odd,
   exactly +-1 from |x| = 9.01 on, where tanh rounds to 1 in float32, and NaN for NaN. The
   coefficients are a minimax fit of the relative error over [0, 9] by reweighted least squares
   (Loeb, Lawson); all are positive, so nothing cancels. In line, so that a loop loads them once. */
static inline float fast_tanh(float x) {
  const float t = x * x;
  float p = 1.3353411835e-08f;
  float q = 7.7760466137e-07f;
  float y;
  if (x > 9.01f) {
    return 1.0f;
  }
  if (x < -9.01f) {
    return -1.0f;
  }
  p = multiply_add(p, t, 2.0608183780e-05f);
  q = multiply_add(q, t, 3.2855462207e-04f);
  p = multiply_add(p, t, 3.4955344723e-03f);
  q = multiply_add(q, t, 2.5876779842e-02f);
  p = multiply_add(p, t, 1.3380981097e-01f);
  q = multiply_add(q, t, 4.6714296755e-01f);
  p = multiply_add(p, t, 9.9999997963e-01f);
  q = multiply_add(q, t, 1.0f);
  y = x * p / q;
  if (y > 1.0f) {
    return 1.0f;
  }
  return (y < -1.0f) ? -1.0f : y;
}
