// The image as evidence: fitted first, never enlarged unasked, never cropped; every zoom said.
//
// Scale is counted in pixels of the screen: at 1:1 one pixel of the image is one of the screen,
// whatever the operating system's text size, because only then are its pixels seen as they are.

import { calm } from "./dom.js";
import { Picture } from "./picture.js";

const MARGIN = 12; // px of grey around a fitted image
const DEEPEST = 16; // largest enlargement
const LATE_MS = 80; // a swap that takes longer shows an empty stage meanwhile
const LIBRARY = new URL("./vendor/openseadragon/openseadragon.min.js", import.meta.url);

let library = null;

function loadLibrary() {
  library ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = LIBRARY;
    script.onload = () => resolve(window.OpenSeadragon);
    script.onerror = () => reject(new Error("OpenSeadragon did not load"));
    document.head.append(script);
  });
  return library;
}

export class Viewer {
  /** `changed({percent, mode, smooth, width, height})` is called whenever what is seen changes. */
  static async in(element, changed) {
    const viewer = new Viewer();
    viewer.osd = await loadLibrary();
    viewer.changed = changed;
    viewer.pictures = new Map(); // url -> {ready: promise of it, there: {width, height, item}}
    viewer.open(element);
    return viewer;
  }

  open(element) {
    this.element = element;
    this.viewer = new this.osd.Viewer({
      element,
      drawer: "html", // the browser's own image scaling: best when reduced, exact at 1:1
      tabIndex: -1,
      showNavigationControl: false,
      showNavigator: true,
      navigatorPosition: "TOP_RIGHT",
      navigatorSizeRatio: 0.16,
      navigatorMaintainSizeRatio: true,
      navigatorAutoFade: false, // nothing hovers over it on a touch screen
      animationTime: calm() ? 0 : 0.18,
      springStiffness: 9,
      zoomPerScroll: 1.25,
      minZoomImageRatio: 0.01,
      maxZoomPixelRatio: 1000,
      visibilityRatio: 1,
      constrainDuringPan: true,
      preserveImageSizeOnResize: true,
      imageLoaderLimit: 4,
      maxTilesPerFrame: 8,
      minPixelRatio: 0.5 / devicePixelRatio, // never a level coarser than the screen
      timeout: 90_000, // the server cuts a large picture when it is first asked for
      gestureSettingsMouse: { clickToZoom: false, dblClickToZoom: true, flickEnabled: false },
      gestureSettingsTouch: { clickToZoom: false, dblClickToZoom: true, pinchRotate: false },
      gestureSettingsPen: { clickToZoom: false, dblClickToZoom: true },
    });
    // Keys belong to the rating screen; the library's own would fire beside them.
    for (const name of ["canvas-key", "canvas-key-press"])
      this.viewer.addHandler(name, (event) => (event.preventDefaultAction = true));
    this.viewer.world.setAutoRefigureSizes(false);
    for (const name of ["canvas-scroll", "canvas-pinch", "canvas-double-click"])
      this.viewer.addHandler(name, () => (this.mode = "free"));
    for (const name of ["animation", "animation-finish", "update-viewport"])
      this.viewer.addHandler(name, () => this.report());
    this.viewer.addHandler("resize", () => requestAnimationFrame(() => this.keepFitted()));
    document.addEventListener("visibilitychange", () => this.watch?.turn());
    this.smooth = true;
    this.mode = "fit";
  }

  /** Have a picture decoded and hidden behind the one in view; `show` is then a swap. */
  prepare(picture) {
    const url = picture.image_url;
    if (!this.pictures.has(url)) {
      const entry = { ready: this.load(picture), there: null };
      this.pictures.set(url, entry);
      entry.ready.then((there) => (entry.there = there), () => {
        if (this.pictures.get(url) === entry) this.pictures.delete(url); // tried again in its turn
      });
    }
    return this.pictures.get(url).ready;
  }

  /** True where `show` is a swap. */
  isReady(picture) {
    return Boolean(this.pictures.get(picture.image_url)?.there);
  }

  async load(named) {
    const picture = new Picture(named);
    await picture.fetch(this.fittingOf(picture));
    const { width, height } = picture;
    return { width, height, item: await this.hidden(picture) };
  }

  hidden(picture) {
    return new Promise((resolve, reject) => {
      this.viewer.addTiledImage({
        tileSource: picture.source(this.osd),
        opacity: 0,
        preload: !picture.isLarge, // of a large one it would fetch what is in view of the last
        success: ({ item }) => {
          if (picture.isLarge || item.getFullyLoaded()) resolve(item);
          else item.addOnceHandler("fully-loaded-change", () => resolve(item));
          this.viewer.forceRedraw();
        },
        error: ({ message }) => reject(new Error(message)),
      });
    });
  }

  /** Show a picture, fitted; resolves when it is drawn with the next frame. */
  async show(picture) {
    const url = picture.image_url;
    this.wanted = url;
    if (!this.isReady(picture)) {
      // Never the last picture beside the questions about this one.
      const late = setTimeout(() => this.wait(), LATE_MS);
      await this.prepare(picture).finally(() => clearTimeout(late));
      if (this.wanted !== url) return;
    }
    this.swap(url);
    this.deepest = 0;
    this.usedPixels = false;
    this.watch = new Watch();
    this.setSmooth(true);
    this.fit(true);
    this.fitted = this.scale;
  }

  /** Bring a picture to the front; the one before it stays at hand, all others go. */
  swap(url) {
    const { world } = this.viewer;
    this.element.classList.remove("loading");
    for (const [other, { ready }] of this.pictures) {
      if (other === url || other === this.url) continue;
      ready.then(({ item }) => world.removeItem(item), () => {});
      this.pictures.delete(other);
    }
    this.item?.setOpacity(0);
    this.url = url;
    Object.assign(this, this.pictures.get(url).there);
    this.item.setOpacity(1);
    world.setAutoRefigureSizes(true);
    world.setAutoRefigureSizes(false);
  }

  /** Take the last picture away while the next one is on its way. */
  wait() {
    this.item?.setOpacity(0);
    this.element.classList.remove("zoomed");
    this.element.classList.add("loading");
  }

  get scale() {
    const { viewport } = this.viewer;
    const wide = viewport.getContainerSize().x;
    return (viewport.getZoom(true) * wide * devicePixelRatio) / this.width;
  }

  /** Largest scale at which the whole image is in view, at most 1. */
  get fitting() {
    return this.fittingOf(this);
  }

  fittingOf({ width, height }) {
    const box = this.viewer.viewport.getContainerSize();
    const room = Math.min((box.x - 2 * MARGIN) / width, (box.y - 2 * MARGIN) / height);
    return Math.min(1, room * devicePixelRatio);
  }

  zoomTo(scale, immediately) {
    const { viewport } = this.viewer;
    const wide = viewport.getContainerSize().x * devicePixelRatio;
    viewport.minZoomLevel = (Math.min(this.fitting, 1) * this.width) / wide;
    viewport.maxZoomLevel = (Math.max(DEEPEST, scale) * this.width) / wide;
    viewport.zoomTo((scale * this.width) / wide, null, immediately);
    return viewport;
  }

  fit(immediately = calm()) {
    if (!this.item) return;
    this.mode = "fit";
    const middle = new this.osd.Point(0.5, this.height / this.width / 2);
    this.zoomTo(this.fitting, immediately).panTo(middle, immediately);
    this.report();
  }

  /** One image pixel becomes `times` screen pixels, at the point in the middle of the view. */
  enlarge(times) {
    if (!this.item) return;
    this.mode = `${times}:1`;
    this.zoomTo(times, calm()).applyConstraints(calm());
    this.report();
  }

  keepFitted() {
    if (this.item && this.mode === "fit") this.fit(true);
    else this.report();
  }

  setSmooth(smooth) {
    this.smooth = smooth;
    this.usedPixels ||= !smooth;
    this.element.classList.toggle("pixels", !smooth);
    this.report();
  }

  report() {
    if (!this.item) return;
    const { scale } = this;
    this.deepest = Math.max(this.deepest, scale);
    this.element.classList.toggle("zoomed", scale > this.fitting * 1.001);
    const { mode, smooth, width, height } = this;
    this.changed({ percent: Math.round(scale * 1000) / 10, mode, smooth, width, height });
  }

  /** How the image was looked at, for the submission. Scales: screen pixels per image pixel. */
  record() {
    const rounded = (scale) => Math.round(scale * 1000) / 1000;
    return {
      fitted_scale: rounded(this.fitted ?? 0),
      largest_scale: rounded(this.deepest ?? 0),
      without_smoothing: Boolean(this.usedPixels),
      in_view_ms: Math.round(this.watch?.elapsed ?? 0),
    };
  }

  /** Take the image away, for pages that show none. */
  clear() {
    this.wanted = this.url = null;
    this.item = null;
    this.element.classList.remove("zoomed");
    this.viewer.world.removeAll();
    this.pictures.clear();
  }
}

/** Counts the time in which the page was in front. */
class Watch {
  constructor() {
    this.sum = 0;
    this.since = document.hidden ? null : performance.now();
  }

  /** The page came to the front or went behind. */
  turn() {
    this.sum = this.elapsed;
    this.since = document.hidden ? null : performance.now();
  }

  get elapsed() {
    return this.sum + (this.since === null ? 0 : performance.now() - this.since);
  }
}
