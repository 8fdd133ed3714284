;; Heaps that are deep, wide or much used: chains of a million objects, arrays with a million references, garbage without end. None
;; of it may take the host's stack. (What garbage may take is in tests/cli/gc.test, which sets a limit.)

(module
  (type $n (struct (field (mut i32)) (field (mut (ref null $n)))))
  (type $tree (sub (struct (field (mut (ref null $tree))) (field (mut (ref null $tree))))))
  (type $any (array (mut anyref)))
  (type $ext (array (mut externref)))
  (type $box (struct (field (mut externref)) (field (mut anyref))))
  (global $list (mut (ref null $n)) (ref.null $n))
  (global $wide (mut (ref null $any)) (ref.null $any))
  (global $mixed (mut anyref) (ref.null any))

  (func $garbage (export "garbage") (param $n i32) (local $p (ref null $n))
    (loop $l
      (local.set $p (struct.new $n (local.get $n) (ref.null $n)))
      (struct.set $n 1 (local.get $p) (local.get $p)) ;; a cycle
      (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))

  ;; a list in a global, collected many times while it grows
  (func (export "list") (param $n i32) (result i64) (local $p (ref null $n)) (local $sum i64)
    (global.set $list (ref.null $n))
    (loop $l
      (global.set $list (struct.new $n (local.get $n) (global.get $list)))
      (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (call $garbage (i32.const 100000))
    (local.set $p (global.get $list))
    (loop $l
      (local.set $sum (i64.add (local.get $sum) (i64.extend_i32_u (struct.get $n 0 (local.get $p)))))
      (br_if $l (i32.eqz (ref.is_null (local.tee $p (struct.get $n 1 (local.get $p)))))))
    (global.set $list (ref.null $n))
    (local.get $sum))

  ;; complete trees, the left half of each thrown away while the right one is made
  (func $make (param $depth i32) (result (ref $tree)) (local $t (ref $tree))
    (local.set $t (struct.new_default $tree))
    (if (local.get $depth)
      (then
        (struct.set $tree 0 (local.get $t) (call $make (i32.sub (local.get $depth) (i32.const 1))))
        (struct.set $tree 1 (local.get $t) (call $make (i32.sub (local.get $depth) (i32.const 1))))))
    (local.get $t))
  (func $count (param $t (ref null $tree)) (result i32)
    (if (result i32) (ref.is_null (local.get $t))
      (then (i32.const 0))
      (else (i32.add (i32.const 1) (i32.add (call $count (struct.get $tree 0 (local.get $t))) (call $count (struct.get $tree 1 (local.get $t))))))))
  (func (export "trees") (param $depth i32) (param $times i32) (result i32) (local $t (ref $tree)) (local $sum i32)
    (local.set $t (call $make (local.get $depth)))
    (loop $l
      (struct.set $tree 0 (local.get $t) (ref.null $tree))
      (struct.set $tree 0 (local.get $t) (call $make (i32.sub (local.get $depth) (i32.const 1))))
      (local.set $sum (i32.add (local.get $sum) (call $count (local.get $t))))
      (br_if $l (local.tee $times (i32.sub (local.get $times) (i32.const 1)))))
    (local.get $sum))

  ;; an array with n references, every 1,000th one kept to itself, the others to i31 and null
  (func (export "wide") (param $n i32) (result i32) (local $i i32) (local $sum i32)
    (global.set $wide (array.new_default $any (local.get $n)))
    (loop $l
      (array.set $any (global.get $wide) (local.get $i)
        (if (result anyref) (i32.rem_u (local.get $i) (i32.const 1000))
          (then (select (result anyref) (ref.null any) (ref.i31 (local.get $i)) (i32.and (local.get $i) (i32.const 1))))
          (else (struct.new $n (local.get $i) (ref.null $n)))))
      (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $n))))
    (call $garbage (i32.const 100000))
    (local.set $i (i32.const 0))
    (loop $l
      (block $null (block $n (result (ref $n))
        (br_on_cast $n anyref (ref $n) (array.get $any (global.get $wide) (local.get $i)))
        (br_on_null $null)
        (ref.cast i31ref) (i31.get_s) (local.get $sum) (i32.add) (local.set $sum)
        (br $null))
        (struct.get $n 0) (local.get $sum) (i32.add) (local.set $sum))
      (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $n))))
    (global.set $wide (ref.null $any))
    (local.get $sum))

  ;; a chain of arrays, structures and externs by turns, deeper than any stack
  (func (export "mixed") (param $n i32) (result i32) (local $a (ref null $any)) (local $e (ref null $ext)) (local $depth i32) (local $p anyref)
    (global.set $mixed (ref.i31 (i32.const 77)))
    (loop $l
      (local.set $a (array.new $any (ref.null any) (i32.const 3)))
      (array.set $any (local.get $a) (i32.const 2) (global.get $mixed))
      (local.set $e (array.new_default $ext (i32.const 2)))
      (array.set $ext (local.get $e) (i32.const 0) (extern.convert_any (local.get $a)))
      (global.set $mixed (struct.new $box (extern.convert_any (local.get $e)) (ref.i31 (local.get $n))))
      (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (call $garbage (i32.const 100000))
    (local.set $p (global.get $mixed))
    (block $end
      (loop $l
        (local.set $e (ref.cast (ref null $ext) (any.convert_extern (struct.get $box 0 (ref.cast (ref $box) (local.get $p))))))
        (local.set $a (ref.cast (ref null $any) (any.convert_extern (array.get $ext (local.get $e) (i32.const 0)))))
        (local.set $p (array.get $any (local.get $a) (i32.const 2)))
        (local.set $depth (i32.add (local.get $depth) (i32.const 1)))
        (br_if $l (ref.test (ref $box) (local.get $p)))))
    (global.set $mixed (ref.null any))
    (i32.add (local.get $depth) (i31.get_s (ref.cast i31ref (local.get $p)))))

  ;; lengths beyond what there is
  (type $i8 (array (mut i8)))
  (type $v (array (mut v128)))
  (func (export "huge-i8") (drop (array.new_default $i8 (i32.const -1))))
  (func (export "huge-v128") (drop (array.new $v (v128.const i64x2 1 2) (i32.const -1))))
  (func (export "huge-any") (param i32) (drop (array.new_default $any (local.get 0))))
  (func (export "large-garbage") (param $n i32)
    (loop $l
      (drop (array.new_default $i8 (i32.const 1000000)))
      (drop (array.new $v (v128.const i64x2 1 2) (i32.const 200)))
      (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))))

(assert_return (invoke "garbage" (i32.const 2000000)))
(assert_return (invoke "list" (i32.const 1000000)) (i64.const 500000500000))
(assert_return (invoke "trees" (i32.const 14) (i32.const 10)) (i32.const 327670))
(assert_return (invoke "wide" (i32.const 1000000)) (i32.const 891396832))
(assert_return (invoke "mixed" (i32.const 100000)) (i32.const 100077))
(assert_return (invoke "large-garbage" (i32.const 300)))
(assert_trap (invoke "huge-i8") "allocation size too large")
(assert_trap (invoke "huge-v128") "allocation size too large")
(assert_trap (invoke "huge-any" (i32.const 0x7fffffff)) "allocation size too large")
(assert_return (invoke "garbage" (i32.const 1000)))

;; exceptions that hold each other
(module
  (type $n (struct (field (mut i32)) (field (mut (ref null $n)))))
  (tag $t (param i32 v128 (ref null $n) f64 exnref externref))
  (global $e (mut exnref) (ref.null exn))
  (global $keep (mut (ref null $n)) (ref.null $n))
  (func $noise (param i32)
    (loop $l (drop (struct.new $n (i32.const 1) (ref.null $n)))
      (br_if $l (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))))
  (func (export "chain") (param i32) (result i32) (local $sum i32) (local $x exnref)
    (loop $l
      (block $h (result exnref)
        (try_table (catch_all_ref $h)
          (throw $t (local.get 0) (v128.const i64x2 1 2) (struct.new $n (local.get 0) (ref.null $n)) (f64.const 1)
            (global.get $e) (extern.convert_any (ref.i31 (i32.const 5)))))
        (unreachable))
      (global.set $e)
      (br_if $l (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
    (call $noise (i32.const 100000))
    (local.set $x (global.get $e))
    (block $done
      (loop $l
        (br_if $done (ref.is_null (local.get $x)))
        (block $h (result i32 v128 (ref null $n) f64 exnref externref)
          (try_table (catch $t $h) (throw_ref (local.get $x)))
          (unreachable))
        (drop) (local.set $x) (drop)
        (struct.get $n 0) (local.get $sum) (i32.add) (local.set $sum)
        (drop) (drop)
        (br $l)))
    (global.set $e (ref.null exn))
    (local.get $sum)))

(assert_return (invoke "chain" (i32.const 1000)) (i32.const 500500))
(assert_return (invoke "chain" (i32.const 200000)) (i32.const -1474736480))
