/* Runs the network of network.py on ROWS rows; writes the bytes of the result.
 */
#include "network.h"

#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv) {
  int64_t rows = argc > 1 ? atoi(argv[1]) : 1;
  float *x = malloc(rows * 67 * sizeof(float));
  if (!x)
    return 1;
  for (int64_t i = 0; i < rows * 67; ++i)
    x[i] = (float)((i * 37 + 11) % 263 - 100) * 0.0625f;
  quanta_tensor_f32_2 y = network(x, rows);
  for (int64_t i = 0; i < rows; ++i)
    for (int64_t j = 0; j < 10; ++j)
      fwrite(&y.aligned[y.offset + i * y.strides[0] + j * y.strides[1]],
             sizeof(float), 1, stdout);
  free(y.allocated);
  quanta_free_buffers();
  free(x);
  return 0;
}
