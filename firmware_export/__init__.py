"""From a bundle's ONNX graph to C99 and onto a microcontroller."""
