"""dtypes are plain strings, as in NKI: kernels compare them and use them as dictionary keys."""

float32 = "float32"
tfloat32 = "tfloat32"
bfloat16 = "bfloat16"
float16 = "float16"
float8_e4m3 = "float8_e4m3"
float8_e4m3fn = "float8_e4m3fn"
float8_e5m2 = "float8_e5m2"
float8_e8m0fnu = "float8_e8m0fnu"
float8_e5m2_x4 = "float8_e5m2_x4"
float8_e4m3fn_x4 = "float8_e4m3fn_x4"
float4_e2m1fn_x4 = "float4_e2m1fn_x4"
int8 = "int8"
int16 = "int16"
int32 = "int32"
uint8 = "uint8"
uint16 = "uint16"
uint32 = "uint32"
bool_ = "bool"

# older spellings that kernels still use
bool = bool_
float8e4 = float8_e4m3
float8e5 = float8_e5m2
fp32 = float32
bf16 = bfloat16
