// RUN: rm -rf %t && mkdir %t
// RUN: %python -c "import numpy; numpy.save(r'%t/x.npy', numpy.arange(3, dtype='f4'))"

// The second run finds what the first one generated, whatever the addresses in
// the compiler's memory; the results are the same.
// RUN: quant-run %s --entry=f --input=%t/x.npy --output=%t/first.npy --cache-dir=%t/cache/inner
// RUN: %python -c "import glob; files = glob.glob(r'%t/cache/inner/llvmcache-*'); assert len(files) == 1, files"
// RUN: quant-run %s --entry=f --input=%t/x.npy --output=%t/second.npy --cache-dir=%t/cache/inner
// RUN: %python -c "import glob; files = glob.glob(r'%t/cache/inner/llvmcache-*'); assert len(files) == 1, files"
// RUN: cmp %t/first.npy %t/second.npy
// RUN: %python -c "import numpy; assert (numpy.load(r'%t/second.npy') == [1, 3, 5]).all()"

// What decides on the code decides on the file.
// RUN: quant-run %s --entry=f --input=%t/x.npy --output=%t/second.npy --cache-dir=%t/cache/inner --opt-level=1
// RUN: quant-run %s --entry=f --input=%t/x.npy --output=%t/second.npy --cache-dir=%t/cache/inner --cpu=x86-64-v2
// RUN: env QUANTA_CACHE_DIR=%t/cache/inner quant-run %s --emit=obj -o %t/f.o
// RUN: %python -c "import glob; files = glob.glob(r'%t/cache/inner/llvmcache-*'); assert len(files) == 4, files"

// A damaged file is written anew.
// RUN: %python -c "import glob, os; [os.truncate(f, 100) for f in glob.glob(r'%t/cache/inner/llvmcache-*')]"
// RUN: quant-run %s --entry=f --input=%t/x.npy --output=%t/fourth.npy --cache-dir=%t/cache/inner
// RUN: cmp %t/first.npy %t/fourth.npy
// RUN: %python -c "import glob, os; sizes = [os.path.getsize(f) for f in glob.glob(r'%t/cache/inner/llvmcache-*')]; assert len(sizes) == 4 and max(sizes) > 100, sizes"

// A folder that cannot be used is not one that a program fails for.
// RUN: quant-run %s --entry=f --input=%t/x.npy --output=%t/third.npy --cache-dir=%t/x.npy
// RUN: cmp %t/first.npy %t/third.npy

func.func @f(%x: tensor<3xf32>) -> tensor<3xf32> {
  %c = arith.constant dense<[1.0, 2.0, 3.0]> : tensor<3xf32>
  %0 = arith.addf %x, %c : tensor<3xf32>
  return %0 : tensor<3xf32>
}
func.func @g(%x: tensor<3xf32>) -> tensor<3xf32> {
  %c = arith.constant dense<[4.0, 5.0, 6.0]> : tensor<3xf32>
  %0 = arith.addf %x, %c : tensor<3xf32>
  return %0 : tensor<3xf32>
}
func.func @h(%x: tensor<3xf32>) -> tensor<3xf32> {
  %c = arith.constant dense<[7.0, 8.0, 9.0]> : tensor<3xf32>
  %0 = arith.addf %x, %c : tensor<3xf32>
  return %0 : tensor<3xf32>
}
