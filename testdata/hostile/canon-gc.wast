;; The canonical option `gc` is checked, and refused when it is called: no value crosses as a reference yet, and no
;; number is taken for one.

(component definition $Lifted
  (core module $m
    (type $pair (struct (field (mut i64))))
    (func (export "peek") (param (ref $pair)) (result i64) (struct.get $pair 0 (local.get 0)))
    (func (export "same") (param i64) (result i64) (local.get 0)))
  (core instance $i (instantiate $m))
  (func (export "peek") (param "at" (tuple u64)) (result u64) (canon lift (core func $i "peek") gc))
  (func (export "same") (param "v" u64) (result u64) (canon lift (core func $i "same") gc))
)
(component instance $lifted $Lifted)
(assert_trap (invoke "peek" (tuple.const (u64.const 4702111234474983745))) ;; 0x4141…
  "calls with the canonical option `gc`: not supported yet")
(assert_trap (invoke "same" (u64.const 1)) "calls with the canonical option `gc`: not supported yet")

;; from another component, without the option: the callee has it
(component
  (component $Lifted
    (core module $m
      (type $pair (struct (field i64)))
      (func (export "peek") (param (ref $pair)) (result i64) (struct.get $pair 0 (local.get 0))))
    (core instance $i (instantiate $m))
    (func (export "peek") (param "at" (tuple u64)) (result u64) (canon lift (core func $i "peek") gc)))
  (instance $lifted (instantiate $Lifted))
  (core func $peek (canon lower (func $lifted "peek")))
  (core module $m
    (import "" "peek" (func $peek (param i64) (result i64)))
    (func (export "peek") (result i64) (call $peek (i64.const 0x4141414141414141))))
  (core instance $i (instantiate $m (with "" (instance (export "peek" (func $peek))))))
  (func (export "peek") (result u64) (canon lift (core func $i "peek")))
)
(assert_trap (invoke "peek") "calls with the canonical option `gc`: not supported yet")

;; the caller has it: a reference does not leak as a number, neither to a component nor to the host
(component
  (component $Same
    (core module $m (func (export "same") (param i64) (result i64) (local.get 0)))
    (core instance $i (instantiate $m))
    (func (export "same") (param "x" (tuple u64)) (result u64) (canon lift (core func $i "same"))))
  (instance $same (instantiate $Same))
  (core rec (type $box (struct (field i64))))
  (core type $leak (func (param (ref $box)) (result i64)))
  (core func $leak (canon lower (func $same "same") gc (core-type $leak)))
  (core module $m
    (type $box (struct (field i64)))
    (import "" "leak" (func $leak (param (ref $box)) (result i64)))
    (func (export "leak") (result i64) (call $leak (struct.new $box (i64.const 1)))))
  (core instance $i (instantiate $m (with "" (instance (export "leak" (func $leak))))))
  (func (export "leak") (result u64) (canon lift (core func $i "leak")))
)
(assert_trap (invoke "leak") "calls with the canonical option `gc`: not supported yet")

(component
  (import "return-hi" (func $hi (result string)))
  (core rec (type $bytes (array (mut i8))))
  (core type $text (func (result (ref $bytes))))
  (core func $hi (canon lower (func $hi) gc (core-type $text)))
  (core module $m
    (type $bytes (array (mut i8)))
    (import "" "hi" (func $hi (result (ref $bytes))))
    (func (export "size") (result i32) (array.len (call $hi))))
  (core instance $i (instantiate $m (with "" (instance (export "hi" (func $hi))))))
  (func (export "size") (result u32) (canon lift (core func $i "size")))
)
(assert_trap (invoke "size") "calls with the canonical option `gc`: not supported yet")
