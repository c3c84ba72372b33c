"""Operations that several tests send."""


def change(name: str, payload: str, selection: str, problems: str = "") -> str:
    """A mutation that asks for its payload, and for code and message of a refusal."""
    return f"""
    mutation($input: {name[0].upper()}{name[1:]}Input!) {{
      {name}(input: $input) {{
        __typename
        ... on {payload} {{ {selection} }}
        ... on Problem {{ code message }}
        {problems}
      }}
    }}
    """
