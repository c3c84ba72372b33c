"""The performance laws, one module each. `python -m bench` lists them, `python -m bench start` measures one."""
