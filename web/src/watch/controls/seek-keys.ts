const STEP_S = 5;
const PAGE_PART = 0.1;

/** Where a key on the seek bar goes (WAI-ARIA slider pattern), or undefined when it means nothing there. */
export function seekTarget(key: string, positionS: number, durationS: number): number | undefined {
  switch (key) {
    case "ArrowLeft":
    case "ArrowDown":
      return Math.max(0, positionS - STEP_S);
    case "ArrowRight":
    case "ArrowUp":
      return Math.min(durationS, positionS + STEP_S);
    case "PageDown":
      return Math.max(0, positionS - durationS * PAGE_PART);
    case "PageUp":
      return Math.min(durationS, positionS + durationS * PAGE_PART);
    case "Home":
      return 0;
    case "End":
      return durationS;
    default:
      return undefined;
  }
}
