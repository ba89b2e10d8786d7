// A trained network in integers, as accelerators run it: matrices of weights in fixed point, activations in fixed
// point, and between them rectifiers, pools and sums. The plain twin of every emulated accelerator: their outputs must
// equal this network's bit for bit.
#ifndef ESPALIER_HW_INTEGER_NETWORK_H_
#define ESPALIER_HW_INTEGER_NETWORK_H_

#include "hw/matrix_engine.h"

#endif  // ESPALIER_HW_INTEGER_NETWORK_H_
