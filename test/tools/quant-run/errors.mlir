// Bad input gets one sentence and exit status 1, never a crash or half a file.
//
// RUN: rm -rf %t && mkdir %t
// RUN: %python %S/../../Inputs/npy.py %t/x.npy "numpy.zeros((3, 2), 'f4')" \
// RUN:   %t/wide.npy "numpy.zeros((3, 5), 'f4')" \
// RUN:   %t/flat.npy "numpy.zeros(6, 'f4')" \
// RUN:   %t/f64.npy "numpy.zeros((3, 2))" \
// RUN:   %t/object.npy "numpy.array([{}], object)"
// RUN: %python -c "open(r'%t/cut.npy', 'wb').write(open(r'%t/x.npy', 'rb').read()[:-5])"
// RUN: %python -c "open(r'%t/cut.npz', 'wb').write(b'PK\x03\x04')"
// RUN: %python -c "open(r'%t/cut.mlir', 'w').write('func.func @f() {')"
// RUN: %python -c "open(r'%t/quantized.mlir', 'w').write('func.func @f(%%q: tensor<2x!quant.uniform<u8:f32, 0.5>>) -> tensor<2xf32> {\n %%0 = quanta.dequantize %%q : tensor<2x!quant.uniform<u8:f32, 0.5>> to tensor<2xf32>\n return %%0 : tensor<2xf32>\n}')"

// RUN: not quant-run %s --emit=obj --entry=f -o %t/f.o 2>&1 | FileCheck %s --check-prefix=EMITENTRY
// EMITENTRY: error: --entry is for programs that are run
// RUN: not quant-run %s --emit=obj --target=x86_64-linux-gnu,haswell --cpu=nonsense -o %t/f.o 2>&1 | FileCheck %s --check-prefix=TWOCPUS
// TWOCPUS: error: --target=x86_64-linux-gnu,haswell names the CPU, and so does --cpu
// RUN: not quant-run %s --entry=f --input=%t/x.npy --cache-dir=%t/x.npy/cache 2>&1 | FileCheck %s --check-prefix=CACHE
// CACHE: error: cannot keep files in --cache-dir={{.*}}x.npy/cache: Not a directory
// RUN: cd %t && quant-run %s --emit=obj -o - > piped.o && not ls ./-.h

// RUN: not quant-run %t/none.mlir 2>&1 | FileCheck %s --check-prefix=NONE
// NONE: error: {{.*}}none.mlir: No such file or directory
// RUN: not quant-run %t/cut.mlir 2>&1 | FileCheck %s --check-prefix=SYNTAX
// SYNTAX: cut.mlir:1:{{[0-9]+}}: error:
// RUN: not quant-run %s --entry=f --input=%t/none.npy 2>&1 | FileCheck %s --check-prefix=NOINPUT
// NOINPUT: error: {{.*}}none.npy: No such file or directory
// RUN: not quant-run %s --entry=f --input=%t/cut.npy 2>&1 | FileCheck %s --check-prefix=CUT
// CUT: error: {{.*}}cut.npy: truncated .npy file: 3x2xf32 takes 24 bytes, the file has 19
// RUN: not quant-run %s --entry=f --input=%t/cut.npz 2>&1 | FileCheck %s --check-prefix=NPZ
// NPZ: error: {{.*}}cut.npz: truncated .npz file (no end of archive)
// RUN: %python -c "import zipfile; zipfile.ZipFile(r'%t/whole.npz', 'w').write(r'%t/x.npy', 'x.npy')"
// RUN: quant-run %s --entry=f --input=%t/whole.npz --output=%t/z.npy && rm %t/z.npy
// RUN: %python -c "open(r'%t/short.npz', 'wb').write(open(r'%t/whole.npz', 'rb').read()[:-1])"
// RUN: not quant-run %s --entry=f --input=%t/short.npz 2>&1 | FileCheck %s --check-prefix=SHORT
// SHORT: error: {{.*}}short.npz: truncated .npz file (end of archive)
// RUN: not quant-run %s --entry=f --input= 2>&1 | FileCheck %s --check-prefix=EMPTY
// EMPTY: error: --input is empty
// RUN: not quant-run %s --entry=f --input=%s 2>&1 | FileCheck %s --check-prefix=MAGIC
// MAGIC: error: {{.*}}errors.mlir: not an .npy file (wrong magic number)
// RUN: not quant-run %s --entry=f --input=%t/object.npy 2>&1 | FileCheck %s --check-prefix=OBJECT
// OBJECT: error: {{.*}}object.npy: it holds pickled Python objects, not numbers
// RUN: not quant-run %s --entry=f --input=%t/wide.npy 2>&1 | FileCheck %s --check-prefix=SHAPE
// SHAPE: error: argument 0 of 'f' ({{.*}}wide.npy): expected size 2 in dimension 1 (tensor<?x2xf32>), got 3x5xf32
// RUN: not quant-run %s --entry=f --input=%t/flat.npy 2>&1 | FileCheck %s --check-prefix=RANK
// RANK: error: argument 0 of 'f' ({{.*}}flat.npy): expected rank 2 (tensor<?x2xf32>), got 6xf32
// RUN: not quant-run %s --entry=f --input=%t/f64.npy 2>&1 | FileCheck %s --check-prefix=DTYPE
// DTYPE: error: argument 0 of 'f' ({{.*}}f64.npy): expected elements of type f32 (tensor<?x2xf32>), got 3x2xf64
// RUN: not quant-run %s --entry=f --input=%t/x.npy --recipe=%t/r.yaml 2>&1 | FileCheck %s --check-prefix=UNUSED
// UNUSED: error: --recipe is for --check-stages and --analyze
// RUN: not quant-run %s --entry=f --input=%t/x.npy -o %t/y 2>&1 | FileCheck %s --check-prefix=NO-EMIT
// NO-EMIT: error: -o is for --emit
// RUN: not quant-run %s --check-stages --output=%t/y.npy 2>&1 | FileCheck %s --check-prefix=NO-OUTPUT
// NO-OUTPUT: error: --output is for programs that are run alone
// RUN: not quant-run %t/quantized.mlir --input=%t/x.npy --check-stages --recipe=%t/none.yaml 2>&1 | FileCheck %s --check-prefix=IDLE
// IDLE: error: the program is at the quantized stage, where --recipe={{.*}}none.yaml would change nothing
// RUN: not quant-run %t/quantized.mlir --input=%t/x.npy --check-stages --statistics=%t/none.json 2>&1 | FileCheck %s --check-prefix=IDLE-STATISTICS
// IDLE-STATISTICS: error: the program is at the quantized stage, where --statistics={{.*}}none.json would change nothing
// RUN: not quant-opt %t/quantized.mlir --quanta-ptq=statistics=%t/none.json -o %t/y 2>&1 | FileCheck %s --check-prefix=IDLE-PTQ
// IDLE-PTQ: error: the module is at the quantized stage, where its parameters are chosen already: the statistics file '{{.*}}none.json' would change nothing
// RUN: not quant-run %s --check-stages --analyze 2>&1 | FileCheck %s --check-prefix=TWO
// TWO: error: --emit, --check-stages and --analyze or --choose-recipe exclude each other
// RUN: not quant-run %s --entry=f 2>&1 | FileCheck %s --check-prefix=COUNT
// COUNT: error: 'f' takes 1 argument, got 0
// RUN: not quant-run %s --input=%t/x.npy 2>&1 | FileCheck %s --check-prefix=SEVERAL
// SEVERAL: error: the module has several functions, choose one: f, g
// RUN: not quant-run %s --entry=h --input=%t/x.npy 2>&1 | FileCheck %s --check-prefix=ENTRY
// ENTRY: error: the module has no public function 'h'; it has f, g
// RUN: not quant-run %s --entry=f --input=%t/x.npy --cpu=warp9 2>&1 | FileCheck %s --check-prefix=CPU
// CPU: error: unknown CPU 'warp9'
// RUN: not quant-run %s --entry=f --input=%t/x.npy --cpu=pentium4 2>&1 | FileCheck %s --check-prefix=BITS
// BITS: error: CPU 'pentium4' has no 64-bit mode, which x86_64-{{.*}} needs
// RUN: not quant-opt %s --quanta-to-llvm=cpu=i686 2>&1 | FileCheck %s --check-prefix=BITS-PASS
// BITS-PASS: error: CPU 'i686' has no 64-bit mode
// RUN: not quant-run %s --emit=obj --target=armv7-linux-gnueabihf -o %t/narrow.o 2>&1 | FileCheck %s --check-prefix=NARROW
// NARROW: error: no code can be generated for 'armv7-linux-gnueabihf'
// RUN: not quant-run %s --entry=f --input=%t/x.npy --cpu= 2>&1 | FileCheck %s --check-prefix=NO-CPU
// NO-CPU: error: --cpu is empty
// RUN: not quant-run %s --entry=f --input=%t/x.npy --threads=0 2>&1 | FileCheck %s --check-prefix=THREADS
// THREADS: error: quanta-parallelize-loops needs between 1 and 1024 threads, got 0
// A number that is left out is no 0.
// RUN: not quant-run %s --entry=f --input=%t/x.npy --threads= 2>&1 | FileCheck %s --check-prefix=NO-THREADS
// NO-THREADS: for the --threads option: '' value invalid
// RUN: not quant-run %s --entry=f --input=%t/x.npy --choose-recipe=%t/r.yaml --max-loss= 2>&1 | FileCheck %s --check-prefix=NO-LOSS
// NO-LOSS: error: --max-loss is empty
// RUN: not quant-run %s --entry=f --input=%t/x.npy --choose-recipe=%t/r.yaml --max-loss=nan 2>&1 | FileCheck %s --check-prefix=LOSS
// LOSS: error: --max-loss=nan is not a number that is not negative
// RUN: not quant-opt %s --quanta-parallelize-loops=threads= 2>&1 | FileCheck %s --check-prefix=NO-NUMBER
// NO-NUMBER: for the --threads option: '' value invalid
// RUN: not quant-run %s --entry=f --input=%t/x.npy "--cpu=a}b" 2>&1 | FileCheck %s --check-prefix=BRACE
// BRACE: error: unknown CPU 'a}b'
// RUN: not quant-run %s --entry=f --input=%t/x.npy --opt-level=4 2>&1 | FileCheck %s --check-prefix=LEVEL
// LEVEL: error: optimization level 4 does not exist: 0 to 3 do
// RUN: not quant-run %s --entry=f --input=%t/x.npy --benchmark=0 2>&1 | FileCheck %s --check-prefix=SAMPLES
// SAMPLES: error: --benchmark=0 is not a number of samples
// RUN: not quant-run %s --entry=f --input=%t/x.npy --output=%t/a.npy --output=%t/b.npy 2>&1 | FileCheck %s --check-prefix=OUTPUTS
// RUN: not quant-run %s --entry=f --input=%t/x.npy --output=%t/a.npy --output=%t/a.npy 2>&1 | FileCheck %s --check-prefix=TWICE
// TWICE: error: two results would go to --output={{.*}}a.npy
// OUTPUTS: error: 'f' has 1 result, and there are 2 --output files
// RUN: not quant-run %s --entry=f --input=%t/x.npy --output=%t/none/a.npy 2>&1 | FileCheck %s --check-prefix=WRITE
// WRITE: error: cannot write {{.*}}a.npy: No such file or directory
// RUN: not quant-run %s --entry=f --input=%t/x.npy --statistics=%t/s.json 2>&1 | FileCheck %s --check-prefix=STATISTICS
// STATISTICS: error: {{.*}}errors.mlir is at the float stage: statistics come from the observed stage, see 'quanta-insert-observers'
// RUN: not quant-run %s --entry=f --input=%t/x.npy --check-stages 2>&1 | FileCheck %s --check-prefix=CHECK-FLOAT
// CHECK-FLOAT: error: the program is at the float stage: comparing its stages needs --statistics
// RUN: not quant-run %s --emit=obj 2>&1 | FileCheck %s --check-prefix=EMIT
// EMIT: error: --emit needs a file to write: -o FILE
// RUN: not quant-run %s --emit=exe -o %t/m 2>&1 | FileCheck %s --check-prefix=KIND
// KIND: error: --emit=exe does not exist: obj, asm and llvm-ir do
// RUN: not quant-run %s --emit=obj -o %t/m.h 2>&1 | FileCheck %s --check-prefix=HEADER
// HEADER: error: {{.*}}m.h is where the C header goes: give the object another name
// RUN: not quant-run %s --emit=obj -o %t/m.o --target=pdp11 2>&1 | FileCheck %s --check-prefix=TRIPLE
// TRIPLE: error: unknown target triple 'pdp11'
// RUN: not quant-run %s --emit=obj -o %t/m.o --target=aarch64-linux-gnu,znver4 2>&1 | FileCheck %s --check-prefix=FOREIGN
// FOREIGN: error: unknown CPU 'znver4' for aarch64-unknown-linux-gnu
// RUN: not quant-run %s --emit=obj -o %t/m.o --target=x86_64-linux-gnu, 2>&1 | FileCheck %s --check-prefix=PART
// PART: error: --target=x86_64-linux-gnu, has an empty part: it is a triple, or a triple and CPUs, with commas between them
// RUN: not quant-run %s --emit=obj -o %t 2>&1 | FileCheck %s --check-prefix=FOLDER
// FOLDER: error: cannot write {{.*}}errors.mlir.tmp: 

// None of these left a file.
// RUN: not ls %t.h
// RUN: not ls %t/a.npy
// RUN: not ls %t/s.json
// RUN: not ls %t/m.o

func.func @f(%x: tensor<?x2xf32>) -> tensor<?x2xf32> {
  return %x : tensor<?x2xf32>
}

func.func @g() {
  return
}
