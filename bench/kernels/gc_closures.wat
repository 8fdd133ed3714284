;; GC, closures: functions with what they captured, as compilers of functional languages make them: a supertype with the code,
;; a subtype for each kind, a cast where the code begins. They are made, composed and called.
(module
  (rec
    (type $function (func (param (ref $closure) i32) (result i32)))
    (type $closure (sub (struct (field $code (ref $function)))))
    (type $adder (sub final $closure (struct (field $code (ref $function)) (field $by i32))))
    (type $composed
      (sub final $closure
        (struct (field $code (ref $function)) (field $first (ref $closure)) (field $second (ref $closure))))))
  (elem declare func $add $compose $double)

  (func $add (type $function)
    (i32.add (local.get 1) (struct.get $adder $by (ref.cast (ref $adder) (local.get 0)))))

  (func $double (type $function)
    (i32.xor (i32.shl (local.get 1) (i32.const 1)) (i32.shr_u (local.get 1) (i32.const 31))))

  (func $compose (type $function) (local $self (ref $composed))
    (local.set $self (ref.cast (ref $composed) (local.get 0)))
    (call $apply
      (struct.get $composed $second (local.get $self))
      (call $apply (struct.get $composed $first (local.get $self)) (local.get 1))))

  (func $apply (param $f (ref $closure)) (param $x i32) (result i32)
    (call_ref $function (local.get $f) (local.get $x) (struct.get $closure $code (local.get $f))))

  (func (export "run") (param $n i32) (result i64)
    (local $f (ref $closure)) (local $x i32) (local $count i32) (local $sum i64)
    (loop $outer
      (local.set $f (struct.new $closure (ref.func $double)))
      (local.set $count (i32.const 8))
      (loop $grow
        (local.set $f
          (struct.new $composed
            (ref.func $compose)
            (local.get $f)
            (struct.new $adder (ref.func $add) (i32.mul (local.get $n) (local.get $count)))))
        (br_if $grow (local.tee $count (i32.sub (local.get $count) (i32.const 1)))))
      (local.set $x (call $apply (local.get $f) (i32.add (local.get $x) (local.get $n))))
      (local.set $sum (i64.add (i64.mul (local.get $sum) (i64.const 31)) (i64.extend_i32_u (local.get $x))))
      (br_if $outer (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (i64.and (local.get $sum) (i64.const 0xffffffffffff))))
