/** torchvision, timm's newer networks, and Excite itself: the names are the same. */

import type { Naming } from './naming.ts'

export const torchvision: Naming = {
  name: 'torchvision',
  describe: 'torchvision and timm: layer1.0.conv1.weight, layer1.0.se.fc1.weight, fc.weight',
  rules: [],
}
