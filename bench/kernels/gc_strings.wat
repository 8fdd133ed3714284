;; GC, arrays: strings as arrays of bytes: decimal numbers are written, joined, compared and hashed.
(module
  (type $string (array (mut i8)))

  (func $decimal (param $value i32) (result (ref $string))
    (local $rest i32) (local $size i32) (local $text (ref $string))
    (local.set $rest (local.get $value))
    (loop $count
      (local.set $size (i32.add (local.get $size) (i32.const 1)))
      (br_if $count (local.tee $rest (i32.div_u (local.get $rest) (i32.const 10)))))
    (local.set $text (array.new_default $string (local.get $size)))
    (loop $write
      (array.set $string (local.get $text) (local.tee $size (i32.sub (local.get $size) (i32.const 1)))
        (i32.add (i32.rem_u (local.get $value) (i32.const 10)) (i32.const 48)))
      (local.set $value (i32.div_u (local.get $value) (i32.const 10)))
      (br_if $write (local.get $size)))
    (local.get $text))

  (func $join (param $a (ref $string)) (param $b (ref $string)) (result (ref $string))
    (local $text (ref $string))
    (local.set $text
      (array.new_default $string (i32.add (array.len (local.get $a)) (array.len (local.get $b)))))
    (array.copy $string $string (local.get $text) (i32.const 0) (local.get $a) (i32.const 0) (array.len (local.get $a)))
    (array.copy $string $string
      (local.get $text) (array.len (local.get $a)) (local.get $b) (i32.const 0) (array.len (local.get $b)))
    (local.get $text))

  (func $hash (param $text (ref $string)) (result i64)
    (local $i i32) (local $hash i64)
    (loop $next
      (local.set $hash
        (i64.add
          (i64.mul (local.get $hash) (i64.const 31))
          (i64.extend_i32_u (array.get_u $string (local.get $text) (local.get $i)))))
      (br_if $next
        (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (array.len (local.get $text)))))
    (local.get $hash))

  (func (export "run") (param $n i32) (result i64)
    (local $text (ref $string)) (local $sum i64)
    (local.set $text (call $decimal (i32.const 7)))
    (loop $next
      (if (i32.gt_u (array.len (local.get $text)) (i32.const 100))
        (then (local.set $text (call $decimal (local.get $n)))))
      (local.set $text (call $join (local.get $text) (call $decimal (i32.mul (local.get $n) (i32.const 7919)))))
      (local.set $sum (i64.xor (i64.mul (local.get $sum) (i64.const 3)) (call $hash (local.get $text))))
      (br_if $next (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (i64.and (local.get $sum) (i64.const 0xffffffffffff))))
