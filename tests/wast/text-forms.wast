;; Forms of the text format whose meaning shows when they run.

(module $names
  (func $"a b" (export "one") (result i32) (i32.const 1))
  (func (export "two") (result i32) (i32.add (call $"a b") (call $"\61 b")))
  (func (export "labels") (result i32)
    block $x (result i32)
      block $x (result i32)
        i32.const 1
        br $x            ;; the inner one
      end $x
      i32.const 10
      i32.add
    end)
  (func (export "cond") (param $n i32) (result i32)
    (if (result i32) (i32.lt_s (local.get $n) (i32.const 0))
      (then (i32.const -1))
      (else (if (result i32) (local.get $n) (then (i32.const 1)) (else (i32.const 0)))))))
(assert_return (invoke "one") (i32.const 1))
(assert_return (invoke $names "two") (i32.const 2))
(assert_return (invoke "labels") (i32.const 11))
(assert_return (invoke "cond" (i32.const -5)) (i32.const -1))
(assert_return (invoke "cond" (i32.const 5)) (i32.const 1))
(assert_return (invoke "cond" (i32.const 0)) (i32.const 0))

;; Types that are only implied come behind those that are written, in the order of the text.
(module
  (func (export "f") (result i32) (call_indirect (result i32) (i32.const 0)))
  (type $t (func (param i64)))
  (table funcref (elem $g))
  (func $g (result i32) (i32.const 42)))
(assert_return (invoke "f") (i32.const 42))

;; Memories, data and strings.
(module
  (memory (export "m") (data "a\n\u{20ac}" "\ff" "z"))
  (func (export "load") (param i32) (result i32) (i32.load8_u (local.get 0)))
  (func (export "size") (result i32) (memory.size)))
(assert_return (invoke "load" (i32.const 1)) (i32.const 10))
(assert_return (invoke "load" (i32.const 2)) (i32.const 0xe2))
(assert_return (invoke "load" (i32.const 5)) (i32.const 255))
(assert_return (invoke "load" (i32.const 6)) (i32.const 0x7a))
(assert_return (invoke "size") (i32.const 1))

;; Numbers.
(module
  (global (export "a") i32 (i32.const 0xffff_ffff))
  (global (export "b") i64 (i64.const -0x8000_0000_0000_0000))
  (global (export "c") f32 (f32.const 0x1.fffffep127))
  (global (export "d") f64 (f64.const 1_000.5e-3))
  (global (export "e") f32 (f32.const -nan:0x200000))
  (global (export "f") f64 (f64.const -inf)))
(assert_return (get "a") (i32.const -1))
(assert_return (get "b") (i64.const 0x8000_0000_0000_0000))
(assert_return (get "c") (f32.const 340282346638528859811704183484516925440))
(assert_return (get "d") (f64.const 0x1.0020c49ba5e35p0))
(assert_return (get "e") (f32.const -nan:0x200000))
(assert_return (get "f") (f64.const -inf))

;; Definitions and instances.
(module definition $D (global (export "g") (mut i32) (i32.const 1))
  (func (export "inc") (global.set 0 (i32.add (global.get 0) (i32.const 1)))))
(module instance $I1 $D)
(module instance $I2 $D)
(invoke $I1 "inc")
(assert_return (get $I1 "g") (i32.const 2))
(assert_return (get $I2 "g") (i32.const 1))
(register "one" $I1)
(module (import "one" "g" (global $g (mut i32))) (func (export "g") (result i32) (global.get $g)))
(assert_return (invoke "g") (i32.const 2))
