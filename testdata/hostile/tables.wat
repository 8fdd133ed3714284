;; tables that each keep to the limit, but not together
(component
  (core module $m (table 4000000 funcref))
  (core instance (instantiate $m))
  (core instance (instantiate $m))
  (core instance (instantiate $m)))
