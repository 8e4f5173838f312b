/* Like onnxruntime's Min, and unlike fminf, NaN on either side gives NaN. */
static float minimum(float a, float b) {
  return (a < b || a != a) ? a : b;
}
