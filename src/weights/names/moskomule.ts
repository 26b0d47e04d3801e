/** moskomule's senet.pytorch (senet/se_module.py), and much code like it: SE as a Sequential. */

import type { Naming } from './naming.ts'

export const moskomule: Naming = {
  name: 'moskomule',
  describe: 'senet.pytorch: layer1.0.se.fc.0.weight, layer1.0.se.fc.2.weight',
  sign: /\.se\.fc\.0\.weight$/,
  rules: [
    [/\.se\.fc\.0\./, '.se.fc1.'],
    [/\.se\.fc\.2\./, '.se.fc2.'],
  ],
  networks: [[/^resnet/, { attention: 'se' }]],
}
