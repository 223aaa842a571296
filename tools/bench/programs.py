# Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The programs that are measured: ours, and the files that the peers read."""

from pathlib import Path

import onnx

import networks
import operations

CALIBRATION_SAMPLES = 1


class Failure(Exception):
    """A reason that goes into the table."""


class Programs:
    """Makes each file once, in a folder; `tools` are the peers' own, or None."""

    def __init__(self, folder: Path, tools):
        self.folder = folder.resolve()
        self.folder.mkdir(parents=True, exist_ok=True)
        self.tools = tools
        self.models = {}

    def path(self, name: str, suffix: str) -> Path:
        clean = "".join(c if c.isalnum() else "-" for c in name)
        return self.folder / f"{clean}{suffix}"

    def network(self, work) -> tuple:
        """The float ONNX file of a network and its model."""
        key = (work.network, work.batch)
        if key not in self.models:
            model = networks.NETWORKS[work.network](work.batch)
            path = self.path(f"{work.network}-{work.batch}", ".onnx")
            onnx.save(model, path)
            self.models[key] = (path, model)
        return self.models[key]

    def ours(self, work) -> Path:
        """Our program; whatever goes wrong is a `Failure`, told once."""
        key = ("ours", work.layers and work.name, work.network, work.batch)
        if key not in self.models:
            try:
                self.models[key] = self.make_ours(work)
            except Exception as error:  # The next workload may be fine.
                self.models[key] = Failure(str(error).splitlines()[0][:200])
        if isinstance(self.models[key], Failure):
            raise self.models[key]
        return self.models[key]

    def make_ours(self, work) -> Path:
        """At the quantized stage, or at the integer stage if it came as ONNX."""
        if work.group == "dynamic":
            layer = work.layers[0]
            path = self.path(work.name, "-float.onnx")
            model = operations.linear_onnx(layer["m"], layer["n"], layer["k"])
            onnx.save(model, path)
            return self.through_the_door(path, model, {"scheme": "dynamic"})
        if work.layers:
            path = self.path(work.name, ".mlir")
            path.write_text(operations.mlir(work.layers))
            return path
        path, model = self.network(work)
        if work.group == "overhead":
            import quanta

            target = path.with_suffix(".mlir")
            quanta.load(path).save(target)
            return target
        return self.through_the_door(path, model, None)

    def through_the_door(self, path: Path, model, recipe) -> Path:
        """quanta.load, quanta.calibrate, quanta.quantize."""
        import quanta

        target = path.with_suffix(".integer.mlir")
        module = quanta.load(path)
        samples = [networks.sample(model, i) for i in range(CALIBRATION_SAMPLES)]
        options = {"recipe": recipe} if recipe else {}
        statistics_ = quanta.calibrate(module, samples, **options)
        small = quanta.quantize(module, statistics_, **options)
        small.save(target)
        if small.report["int8_mac_share"] < 0.999:
            left = [entry["op"] for entry in small.report["left_in_float"]]
            print(f"    ours: {small.report['int8_mac_share']:.1%} in int8; float: {left}")
        return target

    def for_peer(self, work, kind: str, peer: str) -> tuple:
        """A file for a peer that reads ONNX, and its tensors."""
        if work.layers and work.group != "dynamic":
            conv = operations.is_conv(work.layers[0])
            last = peer == "onnxruntime" and kind == "int8"
            model = operations.onnx_model(work.layers, kind == "int8", conv and last)
            path = self.path(work.name, f"-{peer}-{kind}.onnx")
            onnx.save(model, path)
        else:
            if work.group == "dynamic":
                layer = work.layers[0]
                path = self.path(work.name, "-float.onnx")
                model = operations.linear_onnx(layer["m"], layer["n"], layer["k"])
                onnx.save(model, path)
            else:
                path, model = self.network(work)
            if kind == "int8":
                suffix = ".onnx" if peer == "onnxruntime" else ".xml"
                target = path.with_suffix(f".{peer}{suffix}")
                if target not in self.models:
                    self.tools.do(
                        "quantize_dynamic" if work.group == "dynamic" else "quantize",
                        peer=peer,
                        input=str(path),
                        output=str(target),
                        transformer=work.network == "bert_layer",
                    )
                    self.models[target] = True
                path = target
        element = {1: "f32", 2: "u8"}
        tensors = {
            key: [
                {
                    "name": value.name,
                    "type": element[value.type.tensor_type.elem_type],
                    "shape": [d.dim_value for d in value.type.tensor_type.shape.dim],
                }
                for value in values
            ]
            for key, values in (
                ("inputs", model.graph.input),
                ("outputs", model.graph.output),
            )
        }
        if kind == "int8" and not (peer == "openvino" and work.group == "dynamic"):
            runs = self.tools.do("inspect", peer=peer, file=str(path))
            if not runs["int8"]:
                raise Failure("runs this in float, whatever the model says")
            if runs["float"]:
                print(f"    {peer}: {runs['int8']} contractions in int8, {runs['float']} in float")
        return path, tensors
