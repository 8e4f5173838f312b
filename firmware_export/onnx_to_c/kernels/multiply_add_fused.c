/* Fused wherever a processor has it, and on the computers that test code for one that has: a last
   bit may turn the rounding of an integer layer's input, so all must round alike. */
static float multiply_add(float a, float b, float c) {
#if defined(FP_FAST_FMAF) || defined(__ARM_FEATURE_FMA) || defined(__x86_64__)
  return fmaf(a, b, c);
#else
  return a * b + c;
#endif
}
