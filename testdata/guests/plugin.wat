;; A plugin as a core module: `handle` is given the place of a text, tells the host its size and its first byte in upper case, and
;; asks the host for a number, which the host may get by calling `twice` back.
(module
  (import "host" "emit" (func $emit (param i32 i32 i32)))
  (import "host" "ask" (func $ask (param i32) (result i32)))
  (memory (export "memory") 1)
  (global $runs (mut i32) (i32.const 0))
  (func (export "allocate") (param $size i32) (result i32) (i32.const 1024))
  (func (export "twice") (param i32) (result i32) (i32.mul (local.get 0) (i32.const 2)))
  (func (export "runs") (result i32) (global.get $runs))
  (func (export "handle") (param $run i32) (param $at i32) (param $size i32) (result i32)
    (global.set $runs (i32.add (global.get $runs) (i32.const 1)))
    (if (local.get $size)
      (then (i32.store8 (local.get $at) (i32.and (i32.load8_u (local.get $at)) (i32.const 0xdf)))))
    (call $emit (local.get $run) (local.get $at) (local.get $size))
    (call $ask (local.get $size))))
