;; GC, allocation: complete binary trees are built by recursion, walked and dropped; one tree lives all the time.
(module
  (type $tree (struct (field $left (ref null $tree)) (field $right (ref null $tree)) (field $key i32)))

  (func $build (param $depth i32) (param $key i32) (result (ref null $tree))
    (if (result (ref null $tree)) (local.get $depth)
      (then
        (struct.new $tree
          (call $build (i32.sub (local.get $depth) (i32.const 1)) (i32.shl (local.get $key) (i32.const 1)))
          (call $build (i32.sub (local.get $depth) (i32.const 1)) (i32.add (i32.shl (local.get $key) (i32.const 1)) (i32.const 1)))
          (local.get $key)))
      (else (ref.null $tree))))

  (func $sum (param $tree (ref null $tree)) (result i64)
    (if (result i64) (ref.is_null (local.get $tree))
      (then (i64.const 1))
      (else
        (i64.xor
          (i64.extend_i32_u (struct.get $tree $key (local.get $tree)))
          (i64.add
            (call $sum (struct.get $tree $left (local.get $tree)))
            (i64.mul (call $sum (struct.get $tree $right (local.get $tree))) (i64.const 3)))))))

  (func (export "run") (param $n i32) (result i64)
    (local $kept (ref null $tree)) (local $sum i64)
    (local.set $kept (call $build (i32.const 14) (i32.const 1)))
    (loop $next
      (local.set $sum
        (i64.add (i64.mul (local.get $sum) (i64.const 31)) (call $sum (call $build (i32.const 9) (local.get $n)))))
      (br_if $next (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (i64.and (i64.xor (local.get $sum) (call $sum (local.get $kept))) (i64.const 0xffffffffffff))))
