;; RUN: wast % -f=custom-descriptors
(module definition
  (rec
    (type $a (sub (descriptor $b) (struct (field i32))))
    (type $b (sub (describes $a) (descriptor $m) (struct)))
    (type $m (sub (describes $b) (struct))))
  (type $f (func (param (ref null (exact $a))) (result (ref (exact $b)))))
  (import "" "f" (func $i (exact (type $f))))
  (global (ref (exact $f)) (ref.func $i))
  (func (type $f) (ref.get_desc $a (local.get 0)))
  (func (param anyref (ref null $b)) (result (ref null $a))
    (drop (block (result anyref) (br_on_cast_desc_eq 1 anyref (ref null $a) (local.get 0) (local.get 1))))
    (drop (ref.cast_desc_eq (ref null $a) (local.get 0) (local.get 1)))
    (struct.new_default_desc $a (struct.new_default_desc $b (struct.new $m)))))
(assert_invalid (module (type (descriptor 0) (struct))) "type is not described by its descriptor")
(assert_invalid (module (rec (type (descriptor 1) (struct)) (type (struct)))) "type is not described by its descriptor")
(assert_invalid
  (module
    (rec (type $a (sub (descriptor $b) (struct))) (type $b (sub (describes $a) (struct))))
    (rec (type $c (sub $a (descriptor $d) (struct))) (type $d (sub (describes $c) (struct)))))
  "does not match")
(assert_invalid
  (module (type $a (sub (struct))) (func (param (ref $a)) (result (ref (exact $a))) (local.get 0)))
  "type mismatch")
(assert_invalid
  (module (rec (type $a (descriptor $b) (struct)) (type $b (describes $a) (struct))) (func (drop (struct.new $a))))
  "type with descriptor requires descriptor allocation")
(module $M (type $super (sub (func))) (type $sub (sub $super (func))) (func (export "f") (type $sub)))
(register "M" $M)
(module (type $super (sub (func))) (type $sub (sub $super (func))) (import "M" "f" (func (type $super))))
(module (type $super (sub (func))) (type $sub (sub $super (func))) (import "M" "f" (func (exact (type $sub)))))
(assert_unlinkable
  (module (type $super (sub (func))) (type $sub (sub $super (func))) (import "M" "f" (func (exact (type $super)))))
  "incompatible import type")
;; exact types where code is read again: constant expressions, blocks, sources of casts
(module
  (type $a (sub (struct (field i32))))
  (type $b (sub $a (struct (field i32))))
  (global $null (ref null (exact $a)) (ref.null (exact $a)))
  (global $one (ref (exact $b)) (struct.new $b (i32.const 5)))
  (func (export "null") (result i32) (ref.is_null (global.get $null)))
  (func (export "field") (result i32)
    (struct.get $b 0 (block (result (ref (exact $b))) (global.get $one))))
  (func (export "br") (result i32)
    (block $is (result (ref $b))
      (drop (br_on_cast $is (ref null (exact $b)) (ref $b) (global.get $one)))
      (return (i32.const 0)))
    (struct.get $b 0)))
(assert_return (invoke "null") (i32.const 1))
(assert_return (invoke "field") (i32.const 5))
(assert_return (invoke "br") (i32.const 5))
