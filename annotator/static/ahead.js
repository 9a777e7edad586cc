// The next image, in view while the submission of the last one is on its way.
//
// It is looked at, not answered: its steps open when the server has the submission on disk and
// says that this image comes next. Where the server does not take the submission, or cannot be
// reached, the submitted image comes back with everything that was answered.

export class Ahead {
  /** `screen` is the rating screen that looks ahead. */
  constructor(screen) {
    this.screen = screen;
    this.behind = null; // what comes back: address of the image ahead, steps of the last one
  }

  /** True while the image in view is not yet confirmed. */
  get isOpen() {
    return this.behind !== null;
  }

  /** Show what comes next, where it is decoded already. */
  open() {
    const { screen } = this;
    const { upcoming, steps } = screen.item;
    if (!upcoming || !screen.viewer.isReady(upcoming)) return;
    this.behind = { url: upcoming.image_url, steps: screen.steps, asked: JSON.stringify(steps) };
    screen.nameImage(upcoming);
    screen.viewer.show(upcoming);
    screen.layOut(steps);
    screen.shownAt = performance.now();
  }

  /** The submission did not get through: what it was about comes back, as it was left. */
  async close() {
    const { screen, behind } = this;
    if (!behind) return;
    this.behind = null;
    screen.keyboard.forget();
    screen.putSteps(behind.steps);
    await screen.showImage(screen.item);
  }

  /**
   * The server says what comes next.
   * @returns {image, steps}: whether its image is in view already, and its steps laid out
   */
  meet(item) {
    const { behind } = this;
    this.behind = null;
    const image = behind?.url === item.stimulus?.image_url && Boolean(behind);
    return { image, steps: image && behind.asked === JSON.stringify(item.steps) };
  }
}
