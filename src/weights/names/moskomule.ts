/** moskomule's senet.pytorch (senet/se_module.py): fully connected layers without biases. */

import type { Naming } from './naming.ts'

export const moskomule: Naming = {
  name: 'moskomule',
  describe: 'senet.pytorch: layer1.0.se.fc.0.weight, layer1.0.se.fc.2.weight',
  rules: [
    [/\.se\.fc\.0\./, '.se.fc1.'],
    [/\.se\.fc\.2\./, '.se.fc2.'],
  ],
  networks: [[/^se-/, { attention: 'se:bias=false' }]],
}
