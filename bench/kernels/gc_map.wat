;; GC, pointers: a hash map of linked entries; keys are put in, looked up, counted and taken out again.
(module
  (type $entry (struct (field $key i32) (field $value (mut i64)) (field $next (mut (ref null $entry)))))
  (type $map (array (mut (ref null $entry))))

  (func $slot (param $key i32) (result i32)
    (i32.shr_u (i32.mul (local.get $key) (i32.const 0x9e3779b1)) (i32.const 20)))

  ;; The entry of a key; a new one where there is none.
  (func $at (param $map (ref $map)) (param $key i32) (result (ref $entry))
    (local $entry (ref null $entry)) (local $slot i32)
    (local.set $entry (array.get $map (local.get $map) (local.tee $slot (call $slot (local.get $key)))))
    (block $end
      (loop $next
        (br_if $end (ref.is_null (local.get $entry)))
        (if (i32.eq (struct.get $entry $key (local.get $entry)) (local.get $key))
          (then (return (ref.as_non_null (local.get $entry)))))
        (local.set $entry (struct.get $entry $next (local.get $entry)))
        (br $next)))
    (array.set $map (local.get $map) (local.get $slot)
      (local.tee $entry
        (struct.new $entry (local.get $key) (i64.const 0) (array.get $map (local.get $map) (local.get $slot)))))
    (ref.as_non_null (local.get $entry)))

  ;; Takes the first entry of a key's list out; its value, or 0.
  (func $take (param $map (ref $map)) (param $key i32) (result i64)
    (local $entry (ref null $entry)) (local $slot i32)
    (local.set $entry (array.get $map (local.get $map) (local.tee $slot (call $slot (local.get $key)))))
    (if (ref.is_null (local.get $entry)) (then (return (i64.const 0))))
    (array.set $map (local.get $map) (local.get $slot) (struct.get $entry $next (local.get $entry)))
    (struct.get $entry $value (local.get $entry)))

  (func (export "run") (param $n i32) (result i64)
    (local $map (ref $map)) (local $entry (ref $entry)) (local $random i32) (local $sum i64)
    (local.set $map (array.new_default $map (i32.const 4096)))
    (local.set $random (i32.const 1))
    (loop $next
      (local.set $random (i32.xor (local.get $random) (i32.shl (local.get $random) (i32.const 13))))
      (local.set $random (i32.xor (local.get $random) (i32.shr_u (local.get $random) (i32.const 17))))
      (local.set $random (i32.xor (local.get $random) (i32.shl (local.get $random) (i32.const 5))))
      (local.set $entry (call $at (local.get $map) (i32.and (local.get $random) (i32.const 0x3fff))))
      (struct.set $entry $value (local.get $entry)
        (i64.add (struct.get $entry $value (local.get $entry)) (i64.extend_i32_u (local.get $n))))
      (local.set $sum
        (i64.add
          (i64.mul (local.get $sum) (i64.const 31))
          (call $take (local.get $map) (i32.shr_u (local.get $random) (i32.const 18)))))
      (br_if $next (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (i64.and (local.get $sum) (i64.const 0xffffffffffff))))
