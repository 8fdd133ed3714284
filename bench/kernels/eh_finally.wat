;; Exceptions: cleaning up: calls inside try_table that rarely throw, and handlers that catch everything and throw it on.
(module
  (tag $odd (param i32 i64))
  (global $depth (mut i32) (i32.const 0))

  (func $work (param $x i32) (result i32)
    (if (i32.eqz (i32.and (local.get $x) (i32.const 15)))
      (then (throw $odd (local.get $x) (i64.extend_i32_u (local.get $x)))))
    (i32.mul (local.get $x) (i32.const 0x9e3779b1)))

  ;; One more on the count of what is open, and one less however it ends.
  (func $guarded (param $x i32) (result i32)
    (local $result i32)
    (global.set $depth (i32.add (global.get $depth) (i32.const 1)))
    (block $failed (result exnref)
      (local.set $result (try_table (result i32) (catch_all_ref $failed) (call $work (local.get $x))))
      (global.set $depth (i32.sub (global.get $depth) (i32.const 1)))
      (return (local.get $result)))
    (global.set $depth (i32.sub (global.get $depth) (i32.const 1)))
    throw_ref)

  (func $safe (param $x i32) (result i64)
    (local $payload i64)
    (block $odd (result i32 i64)
      (return
        (i64.extend_i32_u
          (try_table (result i32) (catch $odd $odd)
            (i32.add (call $guarded (local.get $x)) (call $guarded (i32.shr_u (local.get $x) (i32.const 3))))))))
    (local.set $payload (i64.mul (i64.const 7)))
    (i64.add (i64.extend_i32_u) (local.get $payload)))

  (func (export "run") (param $n i32) (result i64)
    (local $sum i64)
    (loop $next
      (local.set $sum (i64.add (i64.mul (local.get $sum) (i64.const 31)) (call $safe (local.get $n))))
      (br_if $next (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (i64.and (i64.add (local.get $sum) (i64.extend_i32_u (global.get $depth))) (i64.const 0xffffffffffff))))
