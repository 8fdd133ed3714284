;; RUN: wast % -f=legacy-exceptions

;; The old instructions beyond the proposal's scripts: locals and operands around them, values, rethrow from inner blocks,
;; both kinds in one function.
(module
  (tag $i (param i32))
  (tag $two (param i64 v128))
  (tag $e)
  (func $boom (param i32) (if (local.get 0) (then (throw $i (local.get 0)))))

  ;; operands wait below; results come from the body, from catches, and over a branch
  (func (export "ways") (param $x i32) (result i32 i32)
    (local.get $x)
    (try (result i32)
      (do
        (call $boom (i32.eq (local.get $x) (i32.const 1)))
        (if (i32.eq (local.get $x) (i32.const 2)) (then (throw $e)))
        (if (i32.eq (local.get $x) (i32.const 3)) (then (throw $two (i64.const 30) (v128.const i32x4 1 2 3 4))))
        (if (i32.eq (local.get $x) (i32.const 4)) (then (br 2 (i32.const 40) (i32.const 41))))
        (i32.const 9))
      (catch $i (i32.add (i32.const 10)))
      (catch $two (i32x4.extract_lane 3) (i32.wrap_i64 (i64.extend_i32_u)) (br 0))
      (catch_all (i32.const 20))))

  ;; several results, in the other order of homes
  (func (export "many") (param $x i32) (result i32 i64 i32)
    (i32.const 1)
    (try (result i64 i32)
      (do (call $boom (local.get $x)) (i64.const 2) (i32.const 3))
      (catch $i (local.set $x) (i64.extend_i32_u (local.get $x)) (local.get $x))))

  ;; locals changed around a call in a loop
  (func (export "rounds") (param $n i32) (result i32)
    (local $i i32) (local $thrown i32) (local $calm i32)
    (loop $again
      (try
        (do
          (local.set $i (i32.add (local.get $i) (i32.const 1)))
          (call $boom (i32.and (local.get $i) (i32.const 1)))
          (local.set $calm (i32.add (local.get $calm) (i32.const 1))))
        (catch $i (local.set $thrown (i32.add (local.get $thrown)))))
      (br_if $again (i32.lt_u (local.get $i) (local.get $n))))
    (i32.add (i32.mul (local.get $thrown) (i32.const 1000)) (local.get $calm)))

  ;; the caught exception outlives calls and blocks in the catch
  (func $again (param $x i32)
    (try
      (do (throw $i (local.get $x)))
      (catch_all
        (call $boom (i32.const 0))
        (try
          (do (call $boom (i32.const 77)))
          (catch $i
            (drop)
            (block (if (local.get $x) (then (rethrow 3)))))))))
  (func (export "rethrown") (param $x i32) (result i32)
    (try (result i32)
      (do (call $again (local.get $x)) (i32.const -1))
      (catch $i)))

  ;; old and new in one function
  (func (export "mixed") (param $x i32) (result i32)
    (block $new (result i32)
      (try_table (result i32) (catch $i $new)
        (try (result i32)
          (do
            (try (do (call $boom (local.get $x))) (delegate 0))
            (i32.const 1))
          (catch $e (i32.const 2))))))
  (func (export "delegated-to-table") (param $x i32) (result i32)
    (try (result i32)
      (do
        (block $new (result i32)
          (try_table $table (result i32) (catch $i $new)
            (try (result i32)
              (do (try (result i32) (do (call $boom (local.get $x)) (i32.const 1)) (delegate $table)))
              (catch_all (i32.const 50))))))
      (catch_all (i32.const 60))))

  ;; code that cannot be reached
  (func (export "in-dead-code") (result i32)
    (return (i32.const 3))
    (try (result i32) (do (try (do) (delegate 0)) (i32.const 1)) (catch $i) (catch_all (i32.const 2))))
  (func (export "dead-do") (result i32)
    (try (result i32) (do (unreachable)) (catch $i) (catch_all (rethrow 0))))
  (func (export "dead-ways") (param i32) (result i32)
    (try (result i32)
      (do (if (local.get 0) (then (throw $i (i32.const 6)))) (throw $e))
      (catch $i (return (i32.add (i32.const 1))))
      (catch_all (return (i32.const 2)))))
)
(assert_return (invoke "ways" (i32.const 0)) (i32.const 0) (i32.const 9))
(assert_return (invoke "ways" (i32.const 1)) (i32.const 1) (i32.const 11))
(assert_return (invoke "ways" (i32.const 2)) (i32.const 2) (i32.const 20))
(assert_return (invoke "ways" (i32.const 3)) (i32.const 3) (i32.const 4))
(assert_return (invoke "ways" (i32.const 4)) (i32.const 40) (i32.const 41))
(assert_return (invoke "many" (i32.const 0)) (i32.const 1) (i64.const 2) (i32.const 3))
(assert_return (invoke "many" (i32.const 8)) (i32.const 1) (i64.const 8) (i32.const 8))
(assert_return (invoke "rounds" (i32.const 11)) (i32.const 6005))
(assert_return (invoke "rethrown" (i32.const 5)) (i32.const 5))
(assert_return (invoke "rethrown" (i32.const 0)) (i32.const -1))
(assert_return (invoke "mixed" (i32.const 7)) (i32.const 7))
(assert_return (invoke "mixed" (i32.const 0)) (i32.const 1))
(assert_return (invoke "delegated-to-table" (i32.const 7)) (i32.const 7))
(assert_return (invoke "delegated-to-table" (i32.const 0)) (i32.const 1))
(assert_return (invoke "in-dead-code") (i32.const 3))
(assert_trap (invoke "dead-do") "unreachable")
(assert_return (invoke "dead-ways" (i32.const 0)) (i32.const 2))
(assert_return (invoke "dead-ways" (i32.const 1)) (i32.const 7))

(assert_invalid (module (tag) (func (try (do) (catch 0 (drop))))) "type mismatch")
(assert_invalid (module (func (try (do) (catch_all (drop))))) "type mismatch")
(assert_invalid (module (func (result i32) (try (result i32) (do (i32.const 1)) (catch_all)))) "type mismatch")
(assert_invalid (module (func (try (do) (catch_all (block (drop)))))) "type mismatch")
