static float elu(float x, float alpha) {
  return (x > 0.0f) ? x : alpha * (expf(x) - 1.0f);
}
