import { expect, test } from "vitest";
import { pathTo, routeOf } from "./route";

test("every path that the page makes leads back to its route", () => {
  const id = "VGl0bGU6MQ==/+";
  expect(routeOf(pathTo.title(id))).toEqual({ page: "title", titleId: id });
  expect(routeOf(pathTo.watch(id))).toEqual({ page: "watch", titleId: id });
  expect(routeOf(pathTo.studioTitle(id))).toEqual({ page: "studio-title", titleId: id });
  expect(routeOf(pathTo.newTitle)).toEqual({ page: "studio-new" });
  expect(routeOf(pathTo.search)).toEqual({ page: "search" });
  expect(routeOf("/studio/")).toEqual({ page: "studio" });
  expect(routeOf(pathTo.verify)).toEqual({ page: "verify" });
});

test.each(["/title", "/watch/1/2", "/studio/titles", "/elsewhere"])("%s is no page", (path) => {
  expect(routeOf(path)).toEqual({ page: "missing" });
});

test("a damaged escape is taken as it stands", () => {
  expect(routeOf("/title/%E0%A4%A")).toEqual({ page: "title", titleId: "%E0%A4%A" });
});
