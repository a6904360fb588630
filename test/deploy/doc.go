// Package deploy holds tests of the templates in deploy: that they grant what
// kiso needs and no more, that what they tell the function is what it listens
// to, and that the state machine hangs together. make test-moto also creates
// them in an emulator and runs the state machine there (on_moto.py).
package deploy
