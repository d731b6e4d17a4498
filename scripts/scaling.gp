# Speed-up of networks over cores, a panel a kind of network, from the table of
# configs/sweeps/scaling.yaml.
set datafile separator ','
if (!exists("type")) type = 'svg'
if (type eq 'png') {
  set terminal pngcairo size 960,860 font 'sans,11'
} else {
  set terminal svg size 960,860 dynamic font 'sans,12' background 'white'
}
set output output

set logscale x 2
set logscale y 2
set xrange [0.9:70]
set yrange [0.8:70]
set xtics (1, 2, 4, 8, 16, 32, 64)
set ytics (1, 2, 4, 8, 16, 32, 64)
set grid lc rgb '#dddddd'
set key top left reverse Left samplen 2 spacing 1.0
set border 3
set tics nomirror

speed_up(name) = sprintf("< awk -F, -v name=%s.yaml 'NR == 1 {for (i = 1; i <= NF; ++i) at[$i] = i; next} {n = $at[\"network\"]; sub(\".*/\", \"\", n)} n == name {if (!one) one = $at[\"cycles\"]; print $at[\"cores\"] \",\" one / $at[\"cycles\"]}' %s", name, table)
colours = "#4477aa #ee6677 #228833 #aa3377 #ccaa22 #66ccee"

panel1 = "vgg16 deeplab_v3 inception_v3 resnet50 resnet18 densenet121"
panel2 = "mobilenet_v1 mobilenet_v2 posenet squeezenet1_1 googlenet blazeface"
panel3 = "alexnet transformer_encoder lstm lenet5"
panel4 = "vgg16_pruned alexnet_pruned lenet5_pruned"
titles = "'Large convolutional networks' 'Compact convolutional networks' 'Fully connected, recurrent, tiny' 'Pruned'"

set multiplot layout 2,2 margins 0.07,0.98,0.07,0.96 spacing 0.09,0.1
do for [p = 1:4] {
  names = p == 1 ? panel1 : p == 2 ? panel2 : p == 3 ? panel3 : panel4
  set title word(titles, p)
  set xlabel p > 2 ? 'cores' : ''
  set ylabel p % 2 == 1 ? 'speed-up over one core' : ''
  plot x with lines dt 2 lc rgb '#999999' title 'ideal', \
    for [i = 1:words(names)] speed_up(word(names, i)) using 1:2 with linespoints \
      lc rgb word(colours, i) lw 1.6 pt 4 + i ps 0.6 title word(names, i) noenhanced
}
unset multiplot
