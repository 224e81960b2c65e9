custom_imports = dict(imports=["toy_model"], allow_failed_imports=False)
default_scope = "mmengine"
model = dict(type="Toy")
train_dataloader = dict(batch_size=2, dataset=dict(type="NotThere"), sampler=dict(type="DefaultSampler"))
train_cfg = dict(by_epoch=True, max_epochs=12)
optim_wrapper = dict(type="OptimWrapper", optimizer=dict(type="SGD", lr=0.01))
