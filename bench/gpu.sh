#!/usr/bin/env bash
# All figures of a GPU in under five minutes, on a machine that has one: our WebGPU engine, the kernels
# of a step, and PyTorch beside it where it is installed. Never run on a real GPU so far.
#
#   bench/gpu.sh [small]
set -euo pipefail
cd "$(dirname "$0")/.."
timeout 150 npx tsx bench/gpu.ts "$@"
echo
npx tsx src/cli/main.ts summary se-resnet50 --kernels --batch 64 | tail -3
python3 -c 'import torch; assert torch.cuda.is_available()' 2> /dev/null || {
  echo "no PyTorch with CUDA here"
  exit 0
}
for row in "se-resnet50 64 224" "se-resnet20 128 32"; do
  read -r network batch size <<< "$row"
  echo "PyTorch, strict fp32, $network, batch $batch, seconds a step:"
  timeout 60 python3 bench/peers/torch_peer.py "{\"work\": \"train\", \"network\": \"$network\",
    \"mode\": \"eager\", \"device\": \"cuda\", \"batch\": $batch, \"size\": $size, \"threads\": 8,
    \"warmUp\": 5, \"seconds\": 5, \"least\": 10}"
done
