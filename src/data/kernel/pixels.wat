;; What every pixel goes through, by vectors; resample.ts and normalize.ts lay out the memory.
;;
;; resample: interleaved RGB bytes into planes. Rows are blended into a line of floats, 16 bytes at a
;; time, and the line into pixels, one RGB at a time. A span says what one row or pixel is made of, in
;; three words: where its first sample lies, from the source or the line; where its weights begin;
;; where they end.
;;
;; normalize: bytes into floats, byte × scale + shift in doubles, rounded once.

(module
  (memory (export "memory") 1)

  ;; Weighted sum of rows of bytes, the first at $from, as floats at $line.
  (func $blend
    (param $from i32) (param $stride i32) (param $weights i32) (param $end i32)
    (param $line i32) (param $bytes i32)
    (local $done i32) (local $at i32) (local $weight i32)
    (local $w v128) (local $row v128) (local $half v128)
    (local $a v128) (local $b v128) (local $c v128) (local $d v128)
    (loop $columns
      (local.set $a (v128.const f32x4 0 0 0 0))
      (local.set $b (v128.const f32x4 0 0 0 0))
      (local.set $c (v128.const f32x4 0 0 0 0))
      (local.set $d (v128.const f32x4 0 0 0 0))
      (local.set $at (i32.add (local.get $from) (local.get $done)))
      (local.set $weight (local.get $weights))
      (loop $taps
        (local.set $w (v128.load32_splat (local.get $weight)))
        (local.set $row (v128.load (local.get $at)))
        (local.set $half (i16x8.extend_low_i8x16_u (local.get $row)))
        (local.set $a (f32x4.add (local.get $a) (f32x4.mul (local.get $w)
          (f32x4.convert_i32x4_u (i32x4.extend_low_i16x8_u (local.get $half))))))
        (local.set $b (f32x4.add (local.get $b) (f32x4.mul (local.get $w)
          (f32x4.convert_i32x4_u (i32x4.extend_high_i16x8_u (local.get $half))))))
        (local.set $half (i16x8.extend_high_i8x16_u (local.get $row)))
        (local.set $c (f32x4.add (local.get $c) (f32x4.mul (local.get $w)
          (f32x4.convert_i32x4_u (i32x4.extend_low_i16x8_u (local.get $half))))))
        (local.set $d (f32x4.add (local.get $d) (f32x4.mul (local.get $w)
          (f32x4.convert_i32x4_u (i32x4.extend_high_i16x8_u (local.get $half))))))
        (local.set $at (i32.add (local.get $at) (local.get $stride)))
        (local.set $weight (i32.add (local.get $weight) (i32.const 4)))
        (br_if $taps (i32.lt_u (local.get $weight) (local.get $end))))
      (local.set $at (i32.add (local.get $line) (i32.shl (local.get $done) (i32.const 2))))
      (v128.store (local.get $at) (local.get $a))
      (v128.store offset=16 (local.get $at) (local.get $b))
      (v128.store offset=32 (local.get $at) (local.get $c))
      (v128.store offset=48 (local.get $at) (local.get $d))
      (local.set $done (i32.add (local.get $done) (i32.const 16)))
      (br_if $columns (i32.lt_u (local.get $done) (local.get $bytes)))))

  ;; One row of pixels at $to, and in the planes after it, from the line.
  (func $squeeze (param $line i32) (param $spans i32) (param $to i32) (param $width i32) (param $plane i32)
    (local $last i32) (local $at i32) (local $weight i32) (local $end i32) (local $sum v128)
    (local.set $last (i32.add (local.get $to) (local.get $width)))
    (loop $pixels
      (local.set $sum (v128.const f32x4 0 0 0 0))
      (local.set $at (i32.add (local.get $line) (i32.load (local.get $spans))))
      (local.set $weight (i32.load offset=4 (local.get $spans)))
      (local.set $end (i32.load offset=8 (local.get $spans)))
      (loop $taps
        (local.set $sum (f32x4.add (local.get $sum)
          (f32x4.mul (v128.load32_splat (local.get $weight)) (v128.load (local.get $at)))))
        (local.set $at (i32.add (local.get $at) (i32.const 12)))
        (local.set $weight (i32.add (local.get $weight) (i32.const 4)))
        (br_if $taps (i32.lt_u (local.get $weight) (local.get $end))))
      (local.set $sum (i32x4.trunc_sat_f32x4_u (f32x4.nearest (local.get $sum))))
      (i32.store8 (local.get $to) (i32x4.extract_lane 0 (local.get $sum)))
      (local.set $at (i32.add (local.get $to) (local.get $plane)))
      (i32.store8 (local.get $at) (i32x4.extract_lane 1 (local.get $sum)))
      (local.set $at (i32.add (local.get $at) (local.get $plane)))
      (i32.store8 (local.get $at) (i32x4.extract_lane 2 (local.get $sum)))
      (local.set $spans (i32.add (local.get $spans) (i32.const 12)))
      (local.set $to (i32.add (local.get $to) (i32.const 1)))
      (br_if $pixels (i32.lt_u (local.get $to) (local.get $last)))))

  ;; $bytes of each row of the source matter; $rows and $columns are the spans of the result.
  (func (export "resample")
    (param $source i32) (param $stride i32) (param $bytes i32) (param $rows i32) (param $columns i32)
    (param $height i32) (param $width i32) (param $line i32) (param $to i32)
    (local $left i32) (local $plane i32)
    (local.set $left (local.get $height))
    (local.set $plane (i32.mul (local.get $height) (local.get $width)))
    (loop $each
      (call $blend
        (i32.add (local.get $source) (i32.load (local.get $rows))) (local.get $stride)
        (i32.load offset=4 (local.get $rows)) (i32.load offset=8 (local.get $rows))
        (local.get $line) (local.get $bytes))
      (call $squeeze
        (local.get $line) (local.get $columns) (local.get $to) (local.get $width) (local.get $plane))
      (local.set $rows (i32.add (local.get $rows) (i32.const 12)))
      (local.set $to (i32.add (local.get $to) (local.get $width)))
      (local.set $left (i32.sub (local.get $left) (i32.const 1)))
      (br_if $each (local.get $left))))

  ;; $count bytes from $from on, or back from there where $mirrored.
  (func (export "normalize")
    (param $from i32) (param $to i32) (param $count i32) (param $mirrored i32)
    (param $scale f64) (param $shift f64)
    (local $step i32) (local $end i32) (local $whole i32)
    (local $four v128) (local $scales v128) (local $shifts v128)
    (local.set $scales (f64x2.splat (local.get $scale)))
    (local.set $shifts (f64x2.splat (local.get $shift)))
    (local.set $step (select (i32.const -1) (i32.const 1) (local.get $mirrored)))
    (local.set $end (i32.add (local.get $to) (i32.shl (local.get $count) (i32.const 2))))
    (local.set $whole
      (i32.add (local.get $to) (i32.shl (i32.and (local.get $count) (i32.const -4)) (i32.const 2))))
    (block $done
      (loop $fours
        (br_if $done (i32.ge_u (local.get $to) (local.get $whole)))
        (if (local.get $mirrored)
          (then
            (local.set $four (v128.load32_zero (i32.sub (local.get $from) (i32.const 3))))
            (local.set $four (i8x16.shuffle 3 2 1 0 4 5 6 7 8 9 10 11 12 13 14 15
              (local.get $four) (local.get $four))))
          (else (local.set $four (v128.load32_zero (local.get $from)))))
        (local.set $four (i32x4.extend_low_i16x8_u (i16x8.extend_low_i8x16_u (local.get $four))))
        (v128.store (local.get $to)
          (i8x16.shuffle 0 1 2 3 4 5 6 7 16 17 18 19 20 21 22 23
            (f32x4.demote_f64x2_zero (f64x2.add (local.get $shifts)
              (f64x2.mul (local.get $scales) (f64x2.convert_low_i32x4_u (local.get $four)))))
            (f32x4.demote_f64x2_zero (f64x2.add (local.get $shifts)
              (f64x2.mul (local.get $scales) (f64x2.convert_low_i32x4_u
                (i8x16.shuffle 8 9 10 11 12 13 14 15 0 0 0 0 0 0 0 0
                  (local.get $four) (local.get $four))))))))
        (local.set $from (i32.add (local.get $from) (i32.shl (local.get $step) (i32.const 2))))
        (local.set $to (i32.add (local.get $to) (i32.const 16)))
        (br $fours)))
    (block $all
      (loop $ones
        (br_if $all (i32.ge_u (local.get $to) (local.get $end)))
        (f32.store (local.get $to)
          (f32.demote_f64 (f64.add (local.get $shift) (f64.mul (local.get $scale)
            (f64.convert_i32_u (i32.load8_u (local.get $from)))))))
        (local.set $from (i32.add (local.get $from) (local.get $step)))
        (local.set $to (i32.add (local.get $to) (i32.const 4)))
        (br $ones)))))
