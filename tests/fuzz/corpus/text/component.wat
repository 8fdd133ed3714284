(component $c
  (import "a:b/c@1.0.0" (instance $i (export "r" (type $r (sub resource))) (export "f" (func (param "x" (borrow $r)) (result string)))))
  (core module $m (memory (export "m") 1) (func (export "f") (param i32) (result i32) local.get 0))
  (core instance $n (instantiate $m))
  (type $v (variant (case "a" u8) (case "b" (tuple f32 string)) (case "c")))
  (func $lifted (export "g") (param "p" u32) (result u32) (canon lift (core func $n "f")))
  (component $inner (export "t" (type (record (field "x" (list (option u64)))))))
  (instance (instantiate $inner)))
