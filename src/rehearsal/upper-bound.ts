const RISK = 0.05;

/**
 * Returns the largest mean at which so few losses would still be seen in one of 20 experiments: the exact upper bound
 * of a Poisson distribution at 95 %, 3.0 where nothing was lost (the rule of three).
 */
export function upperBound95(losses: number): number {
  let low = losses;
  let high = losses + 5 + 5 * Math.sqrt(losses + 1);
  while (high - low > 1e-6 * high) {
    const middle = (low + high) / 2;
    if (atMost(losses, middle) > RISK) low = middle;
    else high = middle;
  }
  return high;
}

/** The probability of at most `count` events where `mean` are expected; computed in logarithms, which do not underflow. */
function atMost(count: number, mean: number): number {
  let logarithm = -mean;
  let sum = Math.exp(logarithm);
  for (let events = 1; events <= count; events += 1) {
    logarithm += Math.log(mean / events);
    sum += Math.exp(logarithm);
  }
  return sum;
}
