;; api/consumer.wat: a component whose imports other instances give: a function, and an interface with a resource.
(component
  (import "add" (func $add (param "a" s32) (param "b" s32) (result s32)))
  (import "cwrun:guests/counters@0.1.2" (instance $counters
    (export "counter" (type $counter (sub resource)))
    (export "[constructor]counter" (func (param "start" u32) (result (own $counter))))
    (export "[method]counter.value" (func (param "self" (borrow $counter)) (result u32)))))
  (alias export $counters "counter" (type $counter))
  (core func $add' (canon lower (func $add)))
  (core func $new (canon lower (func $counters "[constructor]counter")))
  (core func $value (canon lower (func $counters "[method]counter.value")))
  (core func $drop (canon resource.drop $counter))
  (core module $M
    (import "" "add" (func $add (param i32 i32) (result i32)))
    (import "" "new" (func $new (param i32) (result i32)))
    (import "" "value" (func $value (param i32) (result i32)))
    (import "" "drop" (func $drop (param i32)))
    (func (export "sum") (param i32 i32) (result i32) (call $add (local.get 0) (local.get 1)))
    (func (export "count") (param i32) (result i32) (local i32 i32)
      (local.set 1 (call $new (local.get 0)))
      (local.set 2 (call $value (local.get 1)))
      (call $drop (local.get 1))
      (local.get 2))
    (func (export "keep") (param i32) (result i32) (call $new (local.get 0))))
  (core instance $m (instantiate $M (with "" (instance
    (export "add" (func $add')) (export "new" (func $new)) (export "value" (func $value)) (export "drop" (func $drop))))))
  (func (export "sum") (param "a" s32) (param "b" s32) (result s32) (canon lift (core func $m "sum")))
  (func (export "count") (param "start" u32) (result u32) (canon lift (core func $m "count")))
  (func (export "keep") (param "start" u32) (result (own $counter)) (canon lift (core func $m "keep"))))
