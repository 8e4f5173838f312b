/* Of both zeros 0, as onnxruntime has it; NaN comes through. */
static float sign(float x) {
  return (x > 0.0f) ? 1.0f : ((x < 0.0f) ? -1.0f : ((x == 0.0f) ? 0.0f : x));
}
