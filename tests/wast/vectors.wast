;; Vectors in the accumulator: sequences that have a handler of their own, next to the same operations one by one.
(module
  (memory 1)
  (data (i32.const 0) "\01\02\03\04\05\06\07\08\09\0a\0b\0c\0d\0e\0f\10\11\12\13\14\15\16\17\18\19\1a\1b\1c\1d\1e\1f\20")
  (global $g (mut v128) (v128.const i32x4 0 0 0 0))

  ;; a value waits in the accumulator while a lane of the local it will replace is read
  (func (export "late-set") (param $a i32) (result i32) (local $v v128) (local $x i32)
    (local.set $v (i32x4.splat (i32.const 7)))
    (i32x4.splat (local.get $a))
    (local.set $x (i32x4.extract_lane 0 (local.get $v)))
    (local.set $v)
    (i32.add (i32.mul (local.get $x) (i32.const 100)) (i32x4.extract_lane 1 (local.get $v))))

  (func (export "rotate") (param $a i64) (result v128) (local $v v128)
    (local.set $v (i64x2.splat (local.get $a)))
    (v128.or (i32x4.shl (local.get $v) (i32.const 7)) (i32x4.shr_u (local.get $v) (i32.const 25))))

  (func (export "multiply-add") (param $i i32) (result v128) (local $s v128)
    (local.set $s (v128.const f32x4 1 2 3 4))
    (local.set $s (f32x4.add (local.get $s)
      (f32x4.mul (f32x4.splat (f32.const 0.5)) (f32x4.convert_i32x4_u (v128.load16x4_u (local.get $i))))))
    (f32x4.add (f32x4.mul (local.get $s) (local.get $s)) (local.get $s)))

  (func (export "swap-lanes") (param $i i32) (result v128) (local $v v128)
    (local.set $v (v128.load (local.get $i)))
    (i16x8.replace_lane 7
      (i16x8.replace_lane 0 (local.get $v) (i16x8.extract_lane_u 7 (local.get $v)))
      (i16x8.extract_lane_u 0 (local.get $v))))

  (func (export "copy") (param $from i32) (param $to i32) (result v128)
    (v128.store offset=16 (local.get $to) (v128.load offset=16 (local.get $from)))
    (v128.store (i32.add (local.get $to) (i32.const 0)) (v128.load (i32.add (local.get $from) (i32.const 0))))
    (v128.xor (v128.load (local.get $to)) (v128.load offset=16 (local.get $to))))

  ;; the accumulator is lost over calls and at labels, values are not
  (func $clobber (result v128) (v128.const i32x4 9 9 9 9))
  (func (export "over-calls") (param $a i32) (result v128)
    (i32x4.add (i32x4.splat (local.get $a)) (i32x4.sub (call $clobber) (i32x4.splat (i32.const 1)))))
  (func (export "over-blocks") (param $a i32) (result v128)
    (i32x4.splat (local.get $a))
    (block (br_if 0 (local.get $a)) (global.set $g (call $clobber)))
    (i32x4.splat (i32.const 1))
    (if (param v128 v128) (result v128) (local.get $a)
      (then (i32x4.sub))
      (else (i32x4.add))))
  (func (export "select") (param $a i32) (result v128)
    (select (v128.not (i32x4.splat (local.get $a))) (v128.not (global.get $g)) (local.get $a)))
  (func (export "tee") (param $a i32) (result v128) (local $v v128) (local $w v128)
    (local.set $w (i32x4.add (local.tee $v (i32x4.splat (local.get $a))) (local.get $v)))
    (global.set $g (i32x4.mul (local.get $w) (local.get $v)))
    (i32x4.add (global.get $g) (local.tee $v (v128.and (local.get $v) (v128.const i32x4 1 2 4 8))))))

(assert_return (invoke "late-set" (i32.const 3)) (i32.const 703))
(assert_return (invoke "rotate" (i64.const 0x80000001_ff000003)) (v128.const i32x4 0x800001ff 0x000000c0 0x800001ff 0x000000c0))
(assert_return (invoke "multiply-add" (i32.const 0)) (v128.const f32x4 66563.75 266255.75 599075.75 1065023.75))
(assert_return (invoke "swap-lanes" (i32.const 0)) (v128.const i16x8 0x100f 0x0403 0x0605 0x0807 0x0a09 0x0c0b 0x0e0d 0x0201))
(assert_return (invoke "copy" (i32.const 0) (i32.const 64)) (v128.const i8x16 16 16 16 16 16 16 16 16 16 16 16 16 16 16 16 48))
(assert_return (invoke "over-calls" (i32.const 5)) (v128.const i32x4 13 13 13 13))
(assert_return (invoke "over-blocks" (i32.const 5)) (v128.const i32x4 4 4 4 4))
(assert_return (invoke "over-blocks" (i32.const 0)) (v128.const i32x4 1 1 1 1))
(assert_return (invoke "select" (i32.const 0)) (v128.const i32x4 -10 -10 -10 -10))
(assert_return (invoke "select" (i32.const 1)) (v128.const i32x4 -2 -2 -2 -2))
(assert_return (invoke "tee" (i32.const 3)) (v128.const i32x4 19 20 18 18))

;; fields and elements that are vectors: whatever takes them next
(module
  (type $s (struct (field $v (mut v128)) (field $n i32))) (type $a (array (mut v128)))
  (func (export "field") (result v128) (struct.get $s $v (struct.new $s (v128.const i64x2 1 2) (i32.const 3))))
  (func (export "field-dropped") (drop (struct.get $s $v (ref.null $s))))
  (func (export "element") (result v128) (local $r (ref null $a))
    (local.set $r (array.new $a (v128.const i64x2 1 2) (i32.const 3)))
    (i32x4.add (v128.const i64x2 1 0) (array.get $a (local.get $r) (i32.const 2))))
  (func (export "copied") (result v128) (local $r (ref $s)) (local $e (ref $a))
    (local.set $r (struct.new $s (v128.const i64x2 5 6) (i32.const 3)))
    (local.set $e (array.new_default $a (i32.const 2)))
    (array.set $a (local.get $e) (i32.const 1) (struct.get $s $v (local.get $r)))
    (struct.set $s $v (local.get $r) (i64x2.neg (array.get $a (local.get $e) (i32.const 1))))
    (i64x2.add (struct.get $s $v (local.get $r)) (array.get $a (local.get $e) (i32.const 0)))))

(assert_return (invoke "field") (v128.const i64x2 1 2))
(assert_trap (invoke "field-dropped") "null structure reference")
(assert_return (invoke "element") (v128.const i64x2 2 2))
(assert_return (invoke "copied") (v128.const i64x2 -5 -6))
