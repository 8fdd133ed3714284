;; Exceptions: a recursive parser of sums in brackets; every third text is wrong somewhere deep, and is given up by a throw
;; that leaves all calls.
(module
  (memory 1)
  (tag $wrong (param i32))
  (global $at (mut i32) (i32.const 0))

  (func $next (result i32)
    (local $c i32)
    (local.set $c (i32.load8_u (global.get $at)))
    (global.set $at (i32.add (global.get $at) (i32.const 1)))
    (local.get $c))

  (func $term (result i32)
    (local $c i32) (local $value i32)
    (local.set $c (call $next))
    (if (i32.eq (local.get $c) (i32.const 40)) ;; (
      (then
        (local.set $value (call $sum))
        (if (i32.ne (call $next) (i32.const 41)) (then (throw $wrong (global.get $at))))
        (return (local.get $value))))
    (if (i32.gt_u (i32.sub (local.get $c) (i32.const 48)) (i32.const 9)) (then (throw $wrong (global.get $at))))
    (i32.sub (local.get $c) (i32.const 48)))

  (func $sum (result i32)
    (local $value i32)
    (local.set $value (call $term))
    (loop $more
      (if (i32.eq (i32.load8_u (global.get $at)) (i32.const 43)) ;; +
        (then
          (drop (call $next))
          (local.set $value (i32.add (local.get $value) (call $term)))
          (br $more))))
    (local.get $value))

  ;; (1+(1+(1+ … 5 …))), with a letter in the middle where `is_wrong`
  (func $write (param $depth i32) (param $is_wrong i32)
    (local $i i32) (local $end i32)
    (loop $next
      (i32.store (i32.mul (local.get $i) (i32.const 3)) (i32.const 0x2b3128))
      (br_if $next (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $depth))))
    (local.set $end (i32.mul (local.get $i) (i32.const 3)))
    (i32.store8 (local.get $end) (select (i32.const 120) (i32.const 53) (local.get $is_wrong)))
    (memory.fill (i32.add (local.get $end) (i32.const 1)) (i32.const 41) (local.get $depth))
    (i32.store8 (i32.add (i32.add (local.get $end) (i32.const 1)) (local.get $depth)) (i32.const 0)))

  (func $parse (result i32)
    (global.set $at (i32.const 0))
    (block $caught (result i32)
      (return (try_table (result i32) (catch $wrong $caught) (call $sum))))
    (i32.xor (i32.const -1)))

  (func (export "run") (param $n i32) (result i64)
    (local $sum i64)
    (loop $next
      (call $write
        (i32.add (i32.const 3) (i32.and (local.get $n) (i32.const 15)))
        (i32.eqz (i32.rem_u (local.get $n) (i32.const 3))))
      (local.set $sum
        (i64.add (i64.mul (local.get $sum) (i64.const 31)) (i64.extend_i32_u (call $parse))))
      (br_if $next (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (i64.and (local.get $sum) (i64.const 0xffffffffffff))))
