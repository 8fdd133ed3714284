;; RUN: wast % -f=threads
;; two threads with a store each and one memory: atomics, waiting, growth
(module $Mem
  (memory (export "shared") 1 4 shared)
  (func (export "get") (param i32) (result i32) (i32.atomic.load (local.get 0)))
  (func (export "set") (param i32 i32) (i32.atomic.store (local.get 0) (local.get 1)))
  (func (export "wait") (param i32 i32 i64) (result i32) (memory.atomic.wait32 (local.get 0) (local.get 1) (local.get 2)))
  (func (export "notify") (param i32 i32) (result i32) (memory.atomic.notify (local.get 0) (local.get 1)))
  (func (export "size") (result i32) (memory.size))
)
(assert_return (invoke "wait" (i32.const 0) (i32.const 1) (i64.const -1)) (i32.const 1))
(assert_return (invoke "wait" (i32.const 0) (i32.const 0) (i64.const 1000)) (i32.const 2))
(assert_trap (invoke "wait" (i32.const 2) (i32.const 0) (i64.const 0)) "unaligned atomic")
(assert_trap (invoke "wait" (i32.const 65536) (i32.const 0) (i64.const 0)) "out of bounds memory access")
(assert_trap (invoke "notify" (i32.const 65536) (i32.const 0)) "out of bounds memory access")

(thread $Adder (shared (module $Mem))
  (register "mem" $Mem)
  (module
    (memory (import "mem" "shared") 1 4 shared)
    (func (export "run")
      (local $i i32)
      (loop $again
        (drop (i32.atomic.rmw.add (i32.const 16) (i32.const 1)))
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (br_if $again (i32.lt_u (local.get $i) (i32.const 10000)))))
    (func (export "grow") (result i32) (memory.grow (i32.const 1)))
    ;; says that it is there and waits for the answer
    (func (export "meet") (result i32)
      (i32.atomic.store (i32.const 32) (i32.const 1))
      (drop (memory.atomic.notify (i32.const 32) (i32.const 1)))
      (loop $again
        (drop (memory.atomic.wait32 (i32.const 36) (i32.const 0) (i64.const -1)))
        (br_if $again (i32.eqz (i32.atomic.load (i32.const 36)))))
      (i32.load (i32.const 131068)))
  )
  (invoke "run")
  (assert_return (invoke "grow") (i32.const 1))
  (assert_return (invoke "meet") (i32.const 77))
  (assert_unlinkable (module (import "mem" "get" (func (param i32) (result i32)))) "unknown import")
)
(register "Mem" $Mem)
(module
  (memory (import "Mem" "shared") 1 4 shared)
  (func (export "run")
    (local $i i32)
    (loop $again
      (drop (i32.atomic.rmw.add (i32.const 16) (i32.const 1)))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $again (i32.lt_u (local.get $i) (i32.const 10000)))))
  (func (export "meet") (result i32)
    (loop $again
      (drop (memory.atomic.wait32 (i32.const 32) (i32.const 0) (i64.const -1)))
      (br_if $again (i32.eqz (i32.atomic.load (i32.const 32)))))
    ;; the other one has grown the memory before it said so
    (i32.store (i32.const 131068) (i32.const 77))
    (i32.atomic.store (i32.const 36) (i32.const 1))
    (memory.atomic.notify (i32.const 36) (i32.const 1)))
)
(invoke "run")
(assert_return (invoke "meet") (either (i32.const 0) (i32.const 1)))
(wait $Adder)
(assert_return (invoke $Mem "get" (i32.const 16)) (i32.const 20000))
(assert_return (invoke $Mem "size") (i32.const 2))

(module (memory 1) (func (export "wait") (result i32) (memory.atomic.wait32 (i32.const 0) (i32.const 0) (i64.const -1)))
  (func (export "notify") (result i32) (memory.atomic.notify (i32.const 0) (i32.const 1))))
(assert_trap (invoke "wait") "expected shared memory")
(assert_return (invoke "notify") (i32.const 0))

;; memory64: the sum of address and offset does not wrap
(module (memory i64 1 1 shared)
  (func (export "add") (param i64) (result i64) (i64.atomic.rmw.add offset=8 (local.get 0) (i64.const 3))))
(assert_return (invoke "add" (i64.const 0)) (i64.const 0))
(assert_return (invoke "add" (i64.const 0)) (i64.const 3))
(assert_trap (invoke "add" (i64.const 65536)) "out of bounds memory access")
(assert_trap (invoke "add" (i64.const -8)) "out of bounds memory access")
(assert_invalid (module (memory 1 shared)) "shared memory must have maximum")
(assert_invalid (module (memory 1) (func (drop (i32.atomic.load align=2 (i32.const 0))))) "alignment must be natural")
