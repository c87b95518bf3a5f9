locals {
  pattern = { body = { a = "b" } }
}
variable "stage" {
  default = "dev"
}
