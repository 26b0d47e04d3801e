/**
 * The authors' code of other attention, all of it after torchvision's ResNet: FcaNet (cfzd/FcaNet),
 * SRM (hyunjaelee410/style-based-recalibration-module), BAM (Jongchan/attention-module), SimAM
 * (ZjjConan/SimAM). ECA-Net's and CBAM's names are those here.
 */

import type { Naming } from './naming.ts'

const PLAIN = /^resne(?:x?t)\d+/

export const fcaAuthors: Naming = {
  name: 'fca',
  describe: "the FcaNet authors': layer1.0.att.fc.0.weight",
  sign: /\.att\.fc\.0\.weight$/,
  rules: [[/\.att\./, '.fca.']],
  // The basis of the cosine transform, which is computed here.
  ignored: /\.att\.dct_layer\./,
  networks: [[PLAIN, { attention: 'fca' }]],
}

export const srmAuthors: Naming = {
  name: 'srm',
  describe: "the SRM authors': layer1.0.rclb.cfc",
  sign: /\.rclb\.cfc$/,
  rules: [[/\.rclb\./, '.srm.']],
  networks: [[PLAIN, { attention: 'srm' }]],
}

export const bamAuthors: Naming = {
  name: 'bam',
  describe: "the BAM authors': bam1.channel_att.gate_c.gate_c_fc_0.weight",
  sign: /^bam1\./,
  rules: [[/^bam(\d)\./, 'layer$1.bam.']],
  networks: [[PLAIN, { attention: 'bam' }]],
}

export const simamAuthors: Naming = {
  name: 'simam',
  describe: "the SimAM authors': layer1.0.conv2.0.weight",
  sign: /\.conv2\.0\.weight$/,
  rules: [[/\.conv2\.0\./, '.conv2.']],
  networks: [[PLAIN, { attention: 'simam' }]],
}
