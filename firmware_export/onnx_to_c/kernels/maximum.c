/* Like onnxruntime's Max, and unlike fmaxf, NaN on either side gives NaN. */
static float maximum(float a, float b) {
  return (a > b || a != a) ? a : b;
}
