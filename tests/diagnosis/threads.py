"""Error lines of public threads: what people paste. Only the lines of the program, each with its thread."""

from __future__ import annotations

from typing import Tuple

#: (thread, its error lines, the diagnosis; "" where mmfix has none)
THREADS: Tuple[Tuple[str, str, str], ...] = (
    ("OpenRLHF/OpenRLHF#1040",
     "torch.distributed.DistStoreError: Timed out after 1801 seconds waiting for clients. 1/3 clients joined.",
     "collective-timeout"),
    ("pytorch/pytorch#111805",
     "torch.distributed.DistStoreError: Timed out after 6 seconds waiting for workers. 1/2 workers joined.",
     "collective-timeout"),
    ("nvidia-cosmos/cosmos-rl#681",
     "torch.distributed.DistNetworkError: The client socket has timed out after 300000ms while trying to "
     "connect to (036c56dce41b, 41331).", "collective-timeout"),
    ("hiyouga/LlamaFactory#6154", "torch.distributed.DistStoreError: Socket Timeout", "collective-timeout"),
    ("pytorch/pytorch#55571", "RuntimeError: Socket Timeout", "collective-timeout"),
    ("pytorch/pytorch#131808", "DistStoreError: wait timeout after 100ms, keys: /the_key", "collective-timeout"),
    ("bytedance/HLLM#20",
     "torch.distributed.DistBackendError: [3] is setting up NCCL communicator and retrieving ncclUniqueId from [0] "
     "via c10d key-value store by key '0', but store->get('0') got error: Socket Timeout", "collective-timeout"),
    ("RVC-Project/Retrieval-based-Voice-Conversion-WebUI#1882",
     "RuntimeError: [../third_party/gloo/gloo/transport/tcp/pair.cc:589] Read error [192.168.70.92]:25266: "
     "Connection reset by peer", "collective-timeout"),
    ("pytorch/pytorch#75512",
     "RuntimeError: [../third_party/gloo/gloo/transport/tcp/pair.cc:598] Connection closed by peer [18.25.6.30]:28048",
     "collective-timeout"),
    ("meta-pytorch/torchtune#2676",
     "[rank2]: RuntimeError: [/pytorch/third_party/gloo/gloo/transport/tcp/unbound_buffer.cc:81] Timed out waiting "
     "1800000ms for recv operation to complete", "collective-timeout"),
    ("huggingface/diffusers#12422",
     "[rank3]:[E1002 18:16:40.711756918 ProcessGroupNCCL.cpp:756] [Rank 3] Work WorkNCCL(SeqNum=2521, OpType=ALLREDUCE, "
     "NumelIn=160672064, NumelOut=160672064, Timeout(ms)=600000) timed out in blocking wait.", "collective-timeout"),
    ("deepspeedai/DeepSpeed#7533",
     "[rank2]:[E901 05:20:03.118859045 ProcessGroupNCCL.cpp:1746] [PG ID 0 PG GUID 0(default_pg) Rank 2] Received a dump "
     "signal due to a collective timeout from  rank 6 and we will try our best to dump the debug info.",
     "collective-timeout"),
    ("deepspeedai/DeepSpeed#7568",
     "[rank2]: RuntimeError: Detected mismatch between collectives on ranks. Rank 2 is running collective: "
     "CollectiveFingerPrint(SequenceNumber=32, OpType=ALLREDUCE, TensorShape=[]", "collective-timeout"),
    ("deepspeedai/DeepSpeed#1834",
     "[1,19]<stderr>:RuntimeError[1,19]<stderr>:: NCCL communicator was aborted on rank 19.", "collective-timeout"),
    ("huggingface/autotrain-advanced#737",
     "torch.OutOfMemoryError: HIP out of memory. Tried to allocate 124.00 MiB. GPU 0 has a total capacity of 19.94 GiB of "
     "which 554.47 MiB is free.", "out-of-memory"),
    ("pytorch/pytorch#138002", "torch.OutOfMemoryError: HIP out of memory", "out-of-memory"),
    ("pytorch/pytorch#465",
     "RuntimeError: cuda runtime error (2) : out of memory at torch/lib/THC/generic/THCStorage.cu:65", "out-of-memory"),
    ("nkolot/SPIN#76", "RuntimeError: CUDA error: out of memory", "out-of-memory"),
    ("Traffic-X/ViT-CoMer#13", "assertionerror: loss log variables are different across gpus!", "loss-keys-differ"),
    ("tinyvision/DAMO-YOLO#153",
     "Warning: find_unused_parameters=True was specified in DDP constructor, b\u2502 PID USER DEV TYPE GPU GPU MEM CPU HOST "
     "MEM Command ut did not find any unused parameters in the forward pass.", "find-unused-for-nothing"),
    ("p0p4k/pflowtts_pytorch#8",
     "RuntimeError: It looks like your LightningModule has parameters that were not used in producing the loss returned by "
     "training_step. If this is intentional, you must enable the detection of unused parameters in DDP",
     "unused-parameters"),
    ("NVIDIA/nccl#2076",
     "torch.distributed.DistBackendError: NCCL error in: /pytorch/torch/csrc/distributed/c10d/NCCLUtils.hpp:268, remote "
     "process exited or there was a network error, NCCL version 2.21.5\nncclRemoteError: A call failed possibly due to a "
     "network error or a remote process exiting prematurely.", "collective-timeout"),
    ("ultralytics/yolov5#4574",
     "Waiting in store based barrier to initialize process group for rank: 0, key: store_based_barrier_key:1 "
     "(world_size=4, worker_count=8, timeout=0:30:00)", ""),
    ("sgl-project/sglang#271",
     "  what():  [PG 1 Rank 1] Process group watchdog thread terminated with exception: CUDA error: device-side assert "
     "triggered", ""),
    ("ultralytics/yolov5#9394", "### CUDA Out of Memory Solutions", ""),
    ("pytorch/pytorch#52385", '"find_unused_parameters=True was specified in DDP constructor, "', ""),
    ("facebookresearch/detectron2#3972",
     '  File "env/lib/python3.9/site-packages/torch/distributed/distributed_c10d.py", line 274, in _get_group_size\n'
     "    default_pg = _get_default_group()\n"
     '  File "env/lib/python3.9/site-packages/torch/distributed/distributed_c10d.py", line 358, in _get_default_group\n'
     '    raise RuntimeError("Default process group has not been initialized, "\n'
     "RuntimeError: Default process group has not been initialized, please make sure to call init_process_group.",
     "sync-batchnorm-without-ddp"),
    ("hikopensource/DAVAR-Lab-OCR#156",
     '  File "davarocr/davar_common/apis/train.py", line 80, in train_model\n'
     "    model = MMDistributedDataParallel(\n"
     '  File "lib/python3.8/site-packages/torch/distributed/distributed_c10d.py", line 286, in _get_default_group\n'
     "RuntimeError: Default process group has not been initialized, please make sure to call init_process_group.", ""),
    ("austinxu87/handsoff#4",
     "RuntimeError: [enforce fail at ..\\c10\\core\\CPUAllocator.cpp:73] data. DefaultCPUAllocator: not enough memory: you "
     "tried to allocate 318767104000 bytes. Buy new RAM!", ""),
    ("ultralytics/yolov3#1151",
     "RuntimeError: DataLoader worker (pid 3855) is killed by signal: Bus error. It is possible that dataloader's workers "
     "are out of shared memory. Please try to raise your shared memory limit.", ""),
    ("keras-team/keras#13889",
     "E tensorflow/compiler/xla/stream_executor/rocm/rocm_driver.cc:606] failed to allocate 127.99TiB (140729850295296 "
     "bytes) from device: HIP_ERROR_OutOfMemory", ""),
    ("facebookresearch/Mask2Former#252",
     "KeyError: \"No object named 'VideoMaskFormer' found in 'META_ARCH' registry!\"", ""),
    ("SamsungLabs/tr3d#7", "    f'{obj_type} is not in the {registry.name} registry')", ""),
    ("pytorch/pytorch#187732", "crashes on the first backward with an expect_autograd_hooks_ INTERNAL ASSERT", ""),
    ("tanluren/yolov3-channel-and-layer-pruning#66",
     "one of the variables needed for gradient computation has been modified by an inplace operation: "
     "[torch.cuda.FloatTensor [8, 1024, 13, 13]], which is output 0 of CudnnBatchNormBackward, is at version 1; "
     "expected version 0 instead.", ""),
    ("uccl-project/uccl#303",
     "W0826 12:47:25.330000 1475957 site-packages/torch/distributed/elastic/multiprocessing/api.py:900] Sending process "
     "1475988 closing signal SIGTERM", ""),
    ("deepspeedai/DeepSpeed#5539",
     "t-20240517230118-grg2t-worker-1:5123:5271 [0] NCCL INFO [Service thread] Connection closed by localRank 7", ""),
)  # fmt: skip
