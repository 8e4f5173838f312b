// A click in a plot over time moves the video there; the video moves a line through the plots.
// data-seek on the SVG: time at the left and right edge, and the plot area's edges in SVG units.
const video = document.querySelector("video[data-speed]");
if (video) {
  const start = Number(video.dataset.start), speed = Number(video.dataset.speed);
  const heads = [...document.querySelectorAll("svg[data-seek]")].map((svg) => {
    const [t0, t1, x0, x1, y0, y1] = svg.dataset.seek.split(" ").map(Number);
    const line = document.createElementNS(svg.namespaceURI, "line");
    line.setAttribute("class", "playhead");
    line.setAttribute("y1", y0);
    line.setAttribute("y2", y1);
    svg.appendChild(line);
    svg.addEventListener("click", (event) => {
      const point = new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());
      const time = t0 + ((point.x - x0) / (x1 - x0)) * (t1 - t0);
      video.currentTime = Math.min(Math.max((time - start) / speed, 0), video.duration || 0);
    });
    return (time) => {
      const x = x0 + ((time - t0) / (t1 - t0)) * (x1 - x0);
      line.setAttribute("x1", x);
      line.setAttribute("x2", x);
    };
  });
  const follow = () => heads.forEach((move) => move(start + video.currentTime * speed));
  ["loadedmetadata", "seeked", "timeupdate"].forEach((name) => video.addEventListener(name, follow));
  const tick = () => { follow(); if (!video.paused) requestAnimationFrame(tick); };
  video.addEventListener("play", tick);
  follow();
}
